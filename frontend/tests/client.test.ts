import { expect, test } from "vitest";
import { address } from "../src/api/ask";
import { differing, joined, parted, picked } from "../src/pages/runs/columns";
import { quoted, suggestions } from "../src/pages/runs/filter";
import { byPrefix } from "../src/pages/run/prefix";
// @ts-expect-error: plain JavaScript
import { generate, typeOf } from "../client.mjs";

test("types of schemas", () => {
  expect(typeOf({ anyOf: [{ type: "null" }, { type: "string" }] })).toBe("null | string");
  expect(typeOf({ type: "array", items: { enum: ["a", "b"] } })).toBe('("a" | "b")[]');
  expect(typeOf({ $ref: "#/components/schemas/RunRow" })).toBe("RunRow");
  expect(typeOf({ type: "object", additionalProperties: { type: "integer" } })).toBe("Record<string, number>");
});

test("a function for each operation", () => {
  const text: string = generate({
    components: { schemas: { Done: { type: "object", properties: { changed: { type: "integer" } }, required: ["changed"] } } },
    paths: {
      "/api/v1/runs/{id}/tags": {
        patch: {
          operationId: "runs_tag", parameters: [{ name: "id", in: "path", schema: { type: "string" } }],
          requestBody: { content: { "application/json": { schema: { type: "object", additionalProperties: { type: "string" } } } } },
          responses: { 200: { content: { "application/json": { schema: { $ref: "#/components/schemas/Done" } } } } },
        },
      },
    },
  });
  expect(text).toContain("export interface Done {\n  changed: number;\n}");
  expect(text).toContain("export const runsTag = (id: string, body: Record<string, string>, options?: Options): Promise<Done> =>");
  expect(text).toContain('ask("PATCH", `/api/v1/runs/${part(id)}/tags`, undefined, body, options);');
});

test("addresses", () => {
  expect(address("/a", { x: ["1", "2 3"], y: undefined, z: null, w: 0, v: "" })).toBe("/a?x=1&x=2+3&w=0&v=");
  expect(address("/a")).toBe("/a");
});

test("columns survive the URL", () => {
  const columns = ["params.a,b", "metrics.x~1", "tags.é@max", "metrics.train/loss@step:-1"];
  expect(parted(joined(columns))).toEqual(columns);
  expect(parted("")).toEqual([]);
  expect(picked("metrics.auc@max", "min")).toBe("metrics.auc@min");
  expect(picked("metrics.auc@max", "")).toBe("metrics.auc");
});

const info = (column: string, distinct: number, runs = 5) => ({
  column, kind: column.split(".")[0] as "metrics", key: column.split(".")[1]!, runs, distinct, numeric: true, min: 0, max: 1, examples: ["it's"],
});

test("columns that are the same in all runs are left out", () => {
  const known = [info("params.a", 1), info("params.b", 2), info("metrics.c", 1, 3)];
  expect(differing(["params.a", "params.b", "metrics.c@max", "params.unknown"], known, 5)).toEqual(["params.b", "metrics.c@max", "params.unknown"]);
});

test("suggested conditions are valid filter text", () => {
  expect(quoted("a b")).toBe("`a b`");
  const made = suggestions([info("metrics.auc", 9), info("params.model", 3)]);
  expect(made).toContain("metrics.auc > 0.5");
  expect(made).toContain("params.model = 'it''s'");
});

test("metrics by prefix", () => {
  const metric = (key: string) => ({ key, value: 1, step: 0, time_ms: 0, count: 1, min: 1, max: 1, model_id: null, dataset_name: null });
  expect(byPrefix(["b/x", "a", "b/y", "a/c/z"].map(metric)).map(([prefix, group]) => [prefix, group.length])).toEqual([["", 1], ["a/c", 1], ["b", 2]]);
});

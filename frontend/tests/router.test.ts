// @vitest-environment node
import { expect, test } from "vitest";
import { match } from "../src/router";

test("paths", () => {
  expect(match("/runs/{id}", "/runs/01J")).toEqual({ id: "01J" });
  expect(match("/runs/{id}", "/runs")).toBeNull();
  expect(match("/runs/{id}", "/runs/a/b")).toBeNull();
  expect(match("/models/{name}/{version}", "/models/a%2Fb/3")).toEqual({ name: "a/b", version: "3" });
  expect(match("/x/{rest*}", "/x/a/b")).toEqual({ rest: "a/b" });
  expect(match("/", "/")).toEqual({});
  expect(match("/runs/{id}", "/runs/%E0%A4%A")).toEqual({ id: "%E0%A4%A" });
});

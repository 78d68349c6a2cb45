// @vitest-environment node
import { expect, test } from "vitest";
import { fromMlflow, match } from "../src/router";

test("paths", () => {
  expect(match("/runs/{id}", "/runs/01J")).toEqual({ id: "01J" });
  expect(match("/runs/{id}", "/runs")).toBeNull();
  expect(match("/runs/{id}", "/runs/a/b")).toBeNull();
  expect(match("/models/{name}/{version}", "/models/a%2Fb/3")).toEqual({ name: "a/b", version: "3" });
  expect(match("/x/{rest*}", "/x/a/b")).toEqual({ rest: "a/b" });
  expect(match("/", "/")).toEqual({});
  expect(match("/runs/{id}", "/runs/%E0%A4%A")).toEqual({ id: "%E0%A4%A" });
});

test("addresses that MLflow's clients print", () => {
  expect(fromMlflow("#/experiments/3")).toBe("/e/3");
  expect(fromMlflow("#/experiments/3/runs/01J")).toBe("/runs/01J");
  expect(fromMlflow("#/experiments/3/runs/01J/artifacts/model?x=1")).toBe("/runs/01J");
  expect(fromMlflow("#/experiments/3/models/m-1")).toBe("/lineage?focus=m-1");
  expect(fromMlflow("#/experiments/3/traces?selected=1")).toBe("/e/3");
  expect(fromMlflow("#/models/a%2Fb/versions/2")).toBe("/models/a%2Fb/2");
  expect(fromMlflow("#/models")).toBe("/models");
  expect(fromMlflow("#main")).toBeNull();
  expect(fromMlflow("")).toBeNull();
});

import { expect, test } from "vitest";
import type { Trial } from "../generated/api";
import { axis, marks, numeric, position, ramp } from "../src/charts/axes";
import { aligned, interpolated, meanAndSpread, smoothed, ticks } from "../src/charts/series";
import { bestSoFar } from "../src/pages/study/best";
import { some } from "../src/pages/study/some";

test("lines on the union of their steps", () => {
  expect(aligned([{ xs: [0, 2], ys: [1, 3] }, { xs: [1, 2], ys: [5, 6] }])).toEqual([[0, 1, 2], [1, null, 3], [null, 5, 6]]);
});

test("smoothing keeps a constant, and gaps", () => {
  expect(smoothed([2, 2, null, 2], 0.9).map((y) => (y === null ? null : Number(y.toFixed(9))))).toEqual([2, 2, null, 2]);
  expect(smoothed([1, 3], 0)).toEqual([1, 3]);
});

test("between points, and not beyond them", () => {
  const line = { xs: [0, 10], ys: [0, 5] };
  expect(interpolated(line, 4)).toBe(2);
  expect(interpolated(line, 10)).toBe(5);
  expect(interpolated(line, 11)).toBeNull();
  expect(interpolated({ xs: [], ys: [] }, 0)).toBeNull();
});

test("mean and spread over the lines that reach a step", () => {
  const band = meanAndSpread([{ xs: [0, 1], ys: [1, 2] }, { xs: [0], ys: [3] }]);
  expect(band.mean).toEqual([2, 2]);
  expect(band.high[0]! - band.mean[0]!).toBeCloseTo(Math.SQRT2);
  expect(band.low[1]).toBe(2);
});

test.each([[0, 1], [0.3, 0.35], [-5, 1200], [1e-9, 2e-9]])("marks of %s to %s", (low, high) => {
  const found = ticks(low, high);
  expect(found.length).toBeGreaterThan(2);
  expect(found.length).toBeLessThan(9);
  for (const mark of found) expect(mark >= low - 1e-12 && mark <= high * 1.000001 + 1e-12).toBe(true);
});

test("axes of numbers and of words", () => {
  const numbers = axis("alpha", ["0.1", 10, null]);
  expect(numbers.words).toBeNull();
  expect(position(numbers, "10")).toBe(1);
  expect(position(numbers, null)).toBeNull();
  const words = axis("model", ["ridge", "forest", "ridge"]);
  expect(words.words).toEqual(["forest", "ridge"]);
  expect(position(words, "forest")!).toBeLessThan(position(words, "ridge")!);
  expect(position(words, "other")).toBeNull();
  expect(marks(words).map((mark) => mark.text)).toEqual(["forest", "ridge"]);
  expect(numeric(" ")).toBeNull();
  expect(axis("one", [3, 3]).low).toBeLessThan(3);
  for (const at of [0, 0.5, 1]) expect(ramp(at, false)).toMatch(/^hsl\(\d+ /);
});

test("numbers over some powers of ten lie on a logarithmic axis", () => {
  const rates = axis("rate", [0.0001, 0.01, 1]);
  expect(rates.log).toBe(true);
  expect(position(rates, 0.01)).toBeCloseTo(0.5);
  expect(marks(rates).map((mark) => mark.text)).toEqual(["0.0001", "0.001", "0.01", "0.1", "1"]);
  expect(axis("share", [0.1, 0.9]).log).toBe(false);
  expect(axis("zero", [0, 1000]).log).toBe(false);
  expect(marks(axis("wide", [1e-12, 1e12])).length).toBeLessThan(9);
});

test("a study draws some of many trials, the best among them", () => {
  const trials = Array.from({ length: 5000 }, (_, index) => ({ number: index, rank: index + 1 }) as Trial);
  const drawn = some(trials);
  expect(drawn.length).toBe(1500);
  expect(new Set(drawn).size).toBe(1500);
  expect(drawn.slice(0, 750)).toEqual(trials.slice(0, 750));
  expect(drawn.at(-1)!.number).toBeGreaterThan(4980);
  expect(some(trials.slice(0, 9))).toHaveLength(9);
  expect(bestSoFar([null, 1, 3, 2, null])).toEqual([null, 1, 3, 3, 3]);
});

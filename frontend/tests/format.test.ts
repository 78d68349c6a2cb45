import { expect, test } from "vitest";
import { ago, bytes, cell, column, duration, endings, number, seconds, shortId, told } from "../src/text/format";

test.each([
  [0, "0"], [1234, "1234"], [32561, "32\u2009561"], [-1234567, "-1\u2009234\u2009567"], [0.30000000000000004, "0.3"],
  [12345.678, "12\u2009346"], [0.00001234, "1.234e-5"], [1.5e12 + 0.5, "1.5e12"], ["NaN", "NaN"], ["-Infinity", "−∞"], [null, "–"],
] as const)("number %s", (value, text) => expect(number(value)).toBe(text));

test.each([[0, "0 s"], [0.0001, "100 µs"], [0.25, "250 ms"], [59.9, "59.9 s"], [61, "1 min 1 s"], [120, "2 min"], [7260, "2 h 1 min"], [90000, "1 d 1 h"]])(
  "duration %s", (seconds, text) => expect(duration(seconds)).toBe(text));

test.each([[5, "5 B"], [81_234, "81.2 kB"], [999_999, "1 MB"], [3_000_000_000, "3 GB"], [null, "–"]])("bytes %s", (size, text) => expect(bytes(size)).toBe(text));

test("ago", () => {
  const now = 1_000_000_000_000;
  expect(ago(now - 2000, now)).toBe("just now");
  expect(ago(now - 65_000, now)).toBe("1 min ago");
  expect(ago(now - 3 * 86_400_000, now)).toBe("3 d ago");
  expect(ago(now - 800 * 86_400_000, now)).toBe("2 y ago");
  expect(ago(null)).toBe("–");
});

test("cells keep text and shorten numbers", () => {
  expect(cell("0.10000")).toBe("0.10000");
  expect(cell(0.123456789)).toBe("0.1235");
  expect(cell("Infinity")).toBe("∞");
});

test("columns in parts", () => {
  expect(column("metrics.train/loss@step:-3")).toEqual({ kind: "metrics", key: "train/loss", pick: "step:-3" });
  expect(column("metrics.a@b")).toEqual({ kind: "metrics", key: "a@b", pick: "" });
  expect(column("params.x@max")).toEqual({ kind: "params", key: "x@max", pick: "" });
});

test("short ids", () => {
  expect(shortId("01JDABCDEFGHJKMNPQRSTVWXYZ")).toBe("TVWXYZ");
  expect(shortId("a".repeat(40))).toBe("aaaaaaaa");
});

test("how long a run took", () => {
  expect(seconds({ status: "finished", started_ms: 1000, ended_ms: 3500 })).toBe(2.5);
  expect(seconds({ status: "finished", started_ms: 1000, ended_ms: null })).toBeNull();
  expect(seconds({ status: "running", started_ms: Date.now() - 5000, ended_ms: null })).toBeGreaterThanOrEqual(5);
});

test("runs of the same name are told apart", () => {
  const ids = ["01JDABCDEFGHJKMNPQRSTVWXYZ", "01JDABCDEFGHJKMNPQRSTVWXY0", "x"];
  expect(told(ids.map((id, index) => ({ id, name: index < 2 ? "a" : "b" })))).toEqual(["a TVWXYZ", "a TVWXY0", "b"]);
});

test("names of params by what tells them apart", () => {
  expect(endings(["pca__n", "ridge__alpha"])).toEqual(["n", "alpha"]);
  expect(endings(["a__n", "b__n", "c"])).toEqual(["a__n", "b__n", "c"]);
  expect(endings(["x__a__n", "y__a__n", "a__n"])).toEqual(["x__a__n", "y__a__n", "a__n"]);
});

/** Axes of parallel coordinates and scatter plots: numbers on a scale, words side by side. */
import type { Num } from "../text/format";
import { number } from "../text/format";
import { ticks } from "./series";

export type Value = number | string | null | undefined;

export interface Axis {
  name: string;
  /** Words are ranked, not measured. */
  words: string[] | null;
  low: number;
  high: number;
  /** Equal distances are equal factors: for numbers above 0 that span some powers of ten. */
  log: boolean;
}

const LOG_FROM = 100;

/** The number that a value stands for; text that is a number counts as one. */
export function numeric(value: Value): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string" || !value.trim()) return null;
  const read = Number(value);
  return Number.isFinite(read) ? read : null;
}

export function axis(name: string, values: Value[]): Axis {
  const there = values.filter((value) => value !== null && value !== undefined && value !== "NaN");
  const numbers = there.map(numeric).filter((value): value is number => value !== null);
  if (numbers.length && numbers.length === there.length) {
    const low = Math.min(...numbers);
    const high = Math.max(...numbers);
    if (low === high) return { name, words: null, low: low - 0.5, high: high + 0.5, log: false };
    return { name, words: null, low, high, log: low > 0 && high / low >= LOG_FROM };
  }
  const words = [...new Set(there.map(String))].sort();
  return { name, words, low: -0.5, high: Math.max(words.length - 0.5, 0.5), log: false };
}

/** Where a value lies on its axis, from 0 to 1; null when there is none. */
export function position(on: Axis, value: Value): number | null {
  if (value === null || value === undefined) return null;
  const at = on.words ? on.words.indexOf(String(value)) : numeric(value);
  if (at === null || (on.words && at < 0)) return null;
  return on.log ? Math.log(at / on.low) / Math.log(on.high / on.low) : (at - on.low) / (on.high - on.low);
}

export function marks(on: Axis, count = 5): { at: number; text: string }[] {
  if (on.words) {
    const every = Math.ceil(on.words.length / 12);
    return on.words.flatMap((word, index) => (index % every ? [] : [{ at: position(on, word)!, text: word }]));
  }
  const at = on.log ? powers(on.low, on.high, count) : ticks(on.low, on.high, count);
  return at.map((mark) => ({ at: position(on, mark)!, text: number(mark as Num, 3) }));
}

/** Powers of ten within a range; every second, third … when there are many. */
function powers(low: number, high: number, count: number): number[] {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const every = Math.max(1, Math.ceil((last - first + 1) / (count + 1)));
  return Array.from({ length: Math.max(0, Math.floor((last - first) / every) + 1) }, (_, index) => Number(`1e${first + index * every}`));
}

/** A colour from violet-blue over magenta to orange, for a place from 0 to 1. */
export function ramp(at: number | null, dark: boolean): string {
  if (at === null) return dark ? "#6b6b79" : "#9a9aa8";
  const hue = Math.round(245 + 145 * at) % 360;
  return `hsl(${hue} ${dark ? "78% 70%" : "72% 46%"})`;
}

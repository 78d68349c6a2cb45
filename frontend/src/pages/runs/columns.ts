/** Which columns the table of runs shows: from the URL, else as last chosen here, else the server's choice. */
import type { ColumnInfo } from "../../../generated/api";
import { column } from "../../text/format";

const KEY = "clew.columns.";

export function remembered(scope: string): string[] | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY + scope) ?? "null");
    return Array.isArray(kept) ? kept.map(String) : null;
  } catch {
    return null;
  }
}

export function remember(scope: string, columns: string[] | null): void {
  if (columns) localStorage.setItem(KEY + scope, JSON.stringify(columns));
  else localStorage.removeItem(KEY + scope);
}

const ESCAPED: Record<string, string> = { "~": "~0", ",": "~1" };

/** Columns as one part of the URL; names may hold commas. */
export function joined(columns: string[]): string {
  return columns.map((name) => name.replace(/[~,]/g, (found) => ESCAPED[found]!)).join(",");
}

export function parted(text: string): string[] {
  return text.split(",").filter(Boolean).map((name) => name.replaceAll("~1", ",").replaceAll("~0", "~"));
}

/** Columns of which the runs hold more than one value. */
export function differing(columns: string[], catalogue: ColumnInfo[], runs: number): string[] {
  const known = new Map(catalogue.map((info) => [info.column, info]));
  return columns.filter((name) => {
    const { kind, key } = column(name);
    const info = known.get(`${kind}.${key}`);
    return !info || info.distinct > 1 || info.runs < runs;
  });
}

export const PICKS: [string, string][] = [
  ["", "last"],
  ["max", "max"],
  ["min", "min"],
  ["mean", "mean"],
  ["first", "first"],
];

export function picked(name: string, pick: string): string {
  const { kind, key } = column(name);
  return `${kind}.${key}${pick ? `@${pick}` : ""}`;
}

/** What the server calls a column by which the table is ordered. */
export function ordering(key: string, descending: boolean): string {
  return `${/^(metrics|params|tags)\./.test(key) ? key : `attributes.${key}`}${descending ? " DESC" : ""}`;
}

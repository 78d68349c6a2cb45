/** Numbers, times and sizes as people read them. */

export type Num = number | "NaN" | "Infinity" | "-Infinity";

const SPECIAL: Record<string, string> = { NaN: "NaN", Infinity: "∞", "-Infinity": "−∞" };

/** A number with at most `digits` significant digits, as short as it goes. */
export function number(value: Num | null | undefined, digits = 4): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "string") return SPECIAL[value] ?? value;
  if (!Number.isFinite(value)) return SPECIAL[String(value)] ?? String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return grouped(String(value));
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e");
  return grouped(String(Number(value.toPrecision(Math.max(digits, Math.ceil(Math.log10(size + 1)))))));
}

/** Thin spaces between groups of three digits, from five digits on. */
function grouped(text: string): string {
  return /^-?\d{5,}/.test(text) ? text.replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, "\u2009")) : text;
}

/** A cell of a table: numbers shortened, text as it is. */
export function cell(value: number | string | null | undefined): string {
  return typeof value === "string" && !(value in SPECIAL) ? value : number(value as Num | null | undefined);
}

export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "–";
  if (seconds < 0.0005) return seconds <= 0 ? "0 s" : `${Math.max(1, Math.round(seconds * 1e6))} µs`;
  if (seconds < 1) return `${number(seconds * 1000, 3)} ms`;
  if (seconds < 60) return `${number(seconds, 3)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60 ? `${whole % 60} s` : ""}`.trim();
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

export function bytes(size: number | null | undefined): string {
  if (size === null || size === undefined) return "–";
  if (size < 1000) return `${size} B`;
  for (const unit of ["kB", "MB", "GB", "TB"]) {
    size /= 1000;
    if (size < 999.5 || unit === "TB") return `${number(size, 3)} ${unit}`;
  }
  return "";
}

const STEPS: [number, string][] = [
  [60, "s"],
  [3600, "min"],
  [86400, "h"],
  [86400 * 30, "d"],
  [86400 * 365, "mo"],
];

/** How long ago: `3 min ago`. */
export function ago(ms: number | null | undefined, now = Date.now()): string {
  if (!ms) return "–";
  const seconds = Math.max(0, (now - ms) / 1000);
  if (seconds < 5) return "just now";
  let unit = 1;
  for (const [limit, name] of STEPS) {
    if (seconds < limit) return `${Math.floor(seconds / unit)} ${name} ago`;
    unit = limit;
  }
  return `${Math.floor(seconds / unit)} y ago`;
}

/** Date and time, to the second, in the reader's time zone. */
export function when(ms: number | null | undefined): string {
  if (!ms) return "–";
  const date = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 19).replace("T", " ");
}

/** The beginning of an id, long enough to tell ids apart by eye. */
export function shortId(id: string): string {
  if (/^[0-9A-HJKMNP-TV-Z]{26}$/.test(id)) return id.slice(-6);
  return id.length > 12 ? id.slice(0, 8) : id;
}

/** Names that tell runs apart: those that stand twice get the end of their id. */
export function told(runs: { id: string; name: string }[]): string[] {
  const counts = new Map<string, number>();
  for (const run of runs) counts.set(run.name, (counts.get(run.name) ?? 0) + 1);
  return runs.map((run) => (counts.get(run.name)! > 1 ? `${run.name} ${shortId(run.id)}` : run.name));
}

/** Names of params by their last parts, as long as that tells them apart: `C` for `ridge__C`. */
export function endings(names: string[]): string[] {
  const parts = names.map((name) => name.split("__"));
  return parts.map((mine, at) => {
    for (let length = 1; length < mine.length; length += 1) {
      const ending = mine.slice(-length).join("__");
      if (!parts.some((other, index) => index !== at && other.slice(-length).join("__") === ending)) return ending;
    }
    return names[at]!;
  });
}

export function plural(count: number, one: string, many = one + "s"): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** `module:function` without its module. */
export function shortName(operation: string): string {
  return operation.split(":").at(-1)!.split(".").at(-1) || operation;
}

/** Seconds that a run took, or until now while it runs; null when its end is not known. */
export function seconds(run: { status: string; started_ms: number; ended_ms: number | null }): number | null {
  const ended = run.ended_ms ?? (run.status === "running" ? Date.now() : null);
  return ended === null ? null : (ended - run.started_ms) / 1000;
}

const NAMED: Record<string, string> = { "tags.mlflow.note.content": "Notes" };

/** What a column is called on the page. */
export function titled(name: string): string {
  return NAMED[name] ?? column(name).key;
}

/** `metrics.auc@max` in parts. */
export function column(name: string): { kind: string; key: string; pick: string } {
  const [, kind = "", rest = ""] = /^(\w+)\.(.*)$/s.exec(name) ?? [];
  const [, key = rest, pick = ""] = (kind === "metrics" && /^(.*)@(max|min|first|mean|last|step:-?\d+)$/s.exec(rest)) || [];
  return { kind, key, pick };
}

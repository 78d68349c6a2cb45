/** Series on one axis: what uPlot needs, smoothing, mean and spread. Pure functions. */

export interface Line {
  label: string;
  colour: string;
  xs: number[];
  ys: (number | null)[];
  /** Points without a line between them. */
  points?: boolean;
  /** Its points are shown, however many lines there are. */
  dots?: boolean;
  /** Thin and pale. */
  faint?: boolean;
}

export const COLOURS = 10;

/** The variable of the colour of the nth series. */
export function colourName(index: number): string {
  return `--series-${(index % COLOURS) + 1}`;
}

/** Lines on the union of their x values; null where a line has no point there. */
export function aligned(lines: Pick<Line, "xs" | "ys">[]): [number[], ...(number | null)[][]] {
  const xs = [...new Set(lines.flatMap((line) => line.xs))].sort((a, b) => a - b);
  const place = new Map(xs.map((x, index) => [x, index]));
  const columns = lines.map((line) => {
    const column: (number | null)[] = new Array(xs.length).fill(null);
    line.xs.forEach((x, index) => {
      column[place.get(x)!] = line.ys[index] ?? null;
    });
    return column;
  });
  return [xs, ...columns];
}

/** Exponential moving average, corrected for its start; 0 changes nothing. */
export function smoothed(ys: (number | null)[], weight: number): (number | null)[] {
  if (weight <= 0) return ys;
  let average = 0;
  let count = 0;
  return ys.map((y) => {
    if (y === null) return null;
    average = average * weight + (1 - weight) * y;
    count += 1;
    return average / (1 - weight ** count);
  });
}

/** The value of a line at x, between its points; null outside of them. */
export function interpolated(line: Pick<Line, "xs" | "ys">, x: number): number | null {
  const { xs, ys } = line;
  let low = 0;
  let high = xs.length - 1;
  if (high < 0 || x < xs[0]! || x > xs[high]!) return null;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle]! <= x) low = middle;
    else high = middle;
  }
  const [x0, x1, y0, y1] = [xs[low]!, xs[high]!, ys[low] ?? null, ys[high] ?? null];
  if (x === x0 || x1 === x0) return y0;
  if (x === x1) return y1;
  if (y0 === null || y1 === null) return null;
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

export interface Band {
  xs: number[];
  mean: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
}

/** Mean and standard deviation of several lines, on the union of their x values. */
export function meanAndSpread(lines: Pick<Line, "xs" | "ys">[]): Band {
  const band: Band = { xs: [...new Set(lines.flatMap((line) => line.xs))].sort((a, b) => a - b), mean: [], low: [], high: [] };
  for (const x of band.xs) {
    const values = lines.map((line) => interpolated(line, x)).filter((y): y is number => y !== null);
    const mean = values.reduce((sum, y) => sum + y, 0) / values.length;
    const spread = values.length > 1 ? Math.sqrt(values.reduce((sum, y) => sum + (y - mean) ** 2, 0) / (values.length - 1)) : 0;
    band.mean.push(values.length ? mean : null);
    band.low.push(values.length ? mean - spread : null);
    band.high.push(values.length ? mean + spread : null);
  }
  return band;
}

/** Round marks for an axis from `low` to `high`, about `count` of them. */
export function ticks(low: number, high: number, count = 5): number[] {
  if (!(high > low)) return [low];
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= raw * 0.99)!;
  const marks: number[] = [];
  for (let mark = Math.ceil(low / step - 1e-9) * step; mark <= high + step * 1e-9; mark += step) marks.push(Number(mark.toPrecision(12)));
  return marks;
}

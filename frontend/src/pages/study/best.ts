/** The greatest of the first 1, 2, … values. */
export function bestSoFar(ys: (number | null)[]): (number | null)[] {
  let best: number | null = null;
  return ys.map((y) => (best = y === null ? best : Math.max(best ?? y, y)));
}

/** Which points no other point beats: the Pareto front of two values. */

export type Wish = "large" | "small";

/** Positions of the points of the front, along the first value; points without both values are left out. */
export function front(points: readonly (readonly [number | null, number | null])[], wishes: readonly [Wish, Wish]): number[] {
  const signs = wishes.map((wish) => (wish === "large" ? -1 : 1)) as [number, number];
  const known = points.flatMap(([x, y], index) => (x === null || y === null ? [] : [{ index, x: signs[0] * x, y: signs[1] * y }]));
  known.sort((a, b) => a.x - b.x || a.y - b.y || a.index - b.index);
  const kept: number[] = [];
  let lowest = Infinity;
  let before: { x: number; y: number } | null = null;
  for (const point of known) {
    // Equal points beat each other in nothing: all of them stand on the front.
    if (point.y < lowest || (before && point.x === before.x && point.y === before.y)) {
      kept.push(point.index);
      lowest = point.y;
      before = point;
    }
  }
  return kept;
}

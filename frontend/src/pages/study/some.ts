import type { Trial } from "../../../generated/api";

const MOST = 1500;

/** As many trials as a drawing bears: the better half of the places to the best, the rest evenly. */
export function some(trials: Trial[], most = MOST): Trial[] {
  if (trials.length <= most) return trials;
  const best = trials.slice(0, most / 2);
  const others = trials.slice(most / 2);
  const every = others.length / (most / 2);
  return [...best, ...Array.from({ length: most / 2 }, (_, index) => others[Math.floor(index * every)]!)];
}

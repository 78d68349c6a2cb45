/** How scores grew: over the rungs of a halving, or over the folds of a race; and who was stopped where. */
import type { StudyDetail, Trial } from "../../../generated/api";

export interface Curve {
  /** The trial that got furthest. */
  number: number;
  label: string;
  xs: number[];
  ys: (number | null)[];
  stopped: boolean;
}

export interface Stage {
  x: number;
  trials: number;
  best: number | null;
  /** How many went no further. */
  stopped: number;
}

export interface Curves {
  /** What grows: a param, or folds. */
  axis: string;
  curves: Curve[];
  stages: Stage[];
}

/** Curves with the best first; null when nothing was ever stopped early. */
export function curvesOf(study: StudyDetail, metric: number): Curves | null {
  const found = study.resource ? overRungs(study, metric) : study.trials.some((trial) => trial.stopped_after !== null) ? overFolds(study, metric) : null;
  if (!found?.length) return null;
  found.sort((a, b) => Number(a.stopped) - Number(b.stopped) || b.xs.length - a.xs.length || (b.ys.at(-1) ?? -Infinity) - (a.ys.at(-1) ?? -Infinity));
  return { axis: study.resource || "folds", curves: found, stages: stagesOf(found) };
}

function overRungs(study: StudyDetail, metric: number): Curve[] {
  const last = Math.max(...study.trials.map((trial) => trial.resource ?? 0));
  const groups = new Map<string, Trial[]>();
  for (const trial of study.trials) {
    const key = JSON.stringify(trial.params);
    groups.set(key, [...(groups.get(key) ?? []), trial]);
  }
  return [...groups.values()].map((trials) => {
    const climbed = trials.sort((a, b) => (a.resource ?? 0) - (b.resource ?? 0));
    const end = climbed.at(-1)!;
    const stopped = (end.resource ?? 0) < last;
    return {
      number: end.number,
      label: `trial ${end.number}${stopped ? ", stopped" : ""}`,
      xs: climbed.map((trial) => trial.resource ?? 0),
      ys: climbed.map((trial) => finite(trial.means[metric])),
      stopped,
    };
  });
}

function overFolds(study: StudyDetail, metric: number): Curve[] {
  return study.trials.map((trial) => {
    const count = trial.stopped_after ?? study.folds ?? 0;
    const scores = (trial.folds[metric] ?? []).slice(0, count).map(finite);
    let sum = 0;
    const ys = scores.map((score, index) => {
      sum += score ?? Number.NaN;
      return Number.isFinite(sum) ? sum / (index + 1) : null;
    });
    const stopped = trial.stopped_after !== null;
    return { number: trial.number, label: `trial ${trial.number}${stopped ? ", stopped" : ""}`, xs: ys.map((_, index) => index + 1), ys, stopped };
  });
}

function stagesOf(curves: Curve[]): Stage[] {
  const xs = [...new Set(curves.flatMap((curve) => curve.xs))].sort((a, b) => a - b);
  return xs.map((x) => {
    const here = curves.filter((curve) => curve.xs.includes(x));
    const scores = here.map((curve) => curve.ys[curve.xs.indexOf(x)] ?? null).filter((y): y is number => y !== null);
    return {
      x,
      trials: here.length,
      best: scores.length ? Math.max(...scores) : null,
      stopped: here.filter((curve) => curve.stopped && curve.xs.at(-1) === x).length,
    };
  });
}

/** Trials that were evaluated in full, best first by a metric. */
export function leaders(study: StudyDetail, metric: number): Trial[] {
  const last = study.resource ? Math.max(...study.trials.map((trial) => trial.resource ?? 0)) : null;
  const whole = study.trials.filter((trial) => trial.resource === last && trial.stopped_after === null);
  const value = (trial: Trial) => finite(trial.means[metric]) ?? -Infinity;
  return (whole.length ? whole : [...study.trials]).sort((a, b) => value(b) - value(a) || a.number - b.number);
}

export function finite(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** The best trials with the scores of their folds. */
import type { StudyDetail, Trial } from "../../../generated/api";
import { Card, Chip } from "../../components/basic";
import { Table } from "../../components/table";
import { cell, endings, number } from "../../text/format";
import { finite, leaders } from "./curves";

const SHOWN = 10;
const WIDE = 170;

/** A trial's params in a line: `C=0.1, penalty=l2`. */
export function settings(study: StudyDetail, trial: Trial): string {
  const names = endings(study.params);
  return trial.params.flatMap((value, index) => (value === null || value === "" ? [] : [`${names[index]}=${cell(value)}`])).join(", ") || "defaults";
}

export function Leaders({ study, metric }: { study: StudyDetail; metric: number }) {
  const best = leaders(study, metric).slice(0, SHOWN);
  const scores = best.flatMap((trial) => (trial.folds[metric] ?? []).map(finite)).filter((score): score is number => score !== null);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const name = study.metrics[metric] ?? "score";
  return (
    <Card title="Leaderboard" count={best.length} end={<a class="small" href="?tab=trials">All trials</a>} flush>
      <Table
        label="Leaderboard"
        rows={best}
        rowKey={(trial) => String(trial.number)}
        columns={[
          { key: "place", head: "Place", number: true, cell: (trial) => best.indexOf(trial) + 1 },
          { key: "trial", head: "Trial", rowHead: true, cell: (trial) => trial.number },
          { key: "score", head: name, number: true, cell: (trial) => <>{number(trial.means[metric], 5)} <span class="faint">± {number(trial.stds[metric], 2)}</span></> },
          { key: "folds", head: "Folds", cell: (trial) => <Folds scores={trial.folds[metric] ?? []} mean={finite(trial.means[metric])} low={low} high={high} /> },
          ...study.metrics.flatMap((other, index) => (index === metric ? [] : [{ key: other, head: other, number: true, cell: (trial: Trial) => number(trial.means[index], 5) }])).slice(0, 3),
          { key: "how", head: "How", cell: (trial) => <How trial={trial} folds={study.folds} running={!!study.running} /> },
          { key: "params", head: "Params", cell: (trial) => <span class="mono small" title={settings(study, trial)}>{settings(study, trial)}</span> },
        ]}
      />
    </Card>
  );
}

/** How a trial came to its scores. */
export function How({ trial, folds, running = false }: { trial: Trial; folds: number | null; running?: boolean }) {
  if (trial.stopped_after !== null) return <Chip kind="pruned" title={`It had lost the race after ${trial.stopped_after} of ${folds} folds`}>stopped after {trial.stopped_after}</Chip>;
  const known = trial.folds[0]?.filter((score) => score !== null).length ?? 0;
  if (running && folds && known < folds) return <Chip kind="running">{known} of {folds} folds</Chip>;
  if (trial.rewrite) return <Chip kind="computed" title={`Derived together with others by ${trial.rewrite}`}>{trial.rewrite}</Chip>;
  if (trial.reused_folds) return <Chip kind="reused">{trial.reused_folds === folds ? "reused" : `${trial.reused_folds} of ${folds} reused`}</Chip>;
  return <span class="faint">fitted</span>;
}

function Folds({ scores, mean, low, high }: { scores: unknown[]; mean: number | null; low: number; high: number }) {
  const known = scores.map(finite).filter((score): score is number => score !== null);
  const x = (score: number) => 5 + ((score - low) / (high - low || 1)) * (WIDE - 10);
  return (
    <svg class="svg-chart" width={WIDE} height={18} role="img" aria-label={`Folds: ${known.map((score) => number(score)).join(", ")}`}>
      <line class="gridline" x1={0} x2={WIDE} y1={9} y2={9} />
      {known.map((score, index) => <circle key={index} cx={x(score)} cy={9} r={3.5} style={{ fill: "var(--accent)", fillOpacity: 0.4 }}><title>{number(score, 6)}</title></circle>)}
      {mean !== null && <line x1={x(mean)} x2={x(mean)} y1={2} y2={16} style={{ stroke: "var(--text)", strokeWidth: 2 }} />}
    </svg>
  );
}

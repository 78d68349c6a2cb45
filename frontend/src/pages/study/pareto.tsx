/** Two aims against each other; what no trial beats in both is the front. */
import type { StudyDetail, Trial } from "../../../generated/api";
import { Card, Empty } from "../../components/basic";
import { Table } from "../../components/table";
import { numeric } from "../../charts/axes";
import { front, type Wish } from "../../charts/front";
import { Scatter } from "../../charts/scatter";
import { setQuery, usePlace } from "../../router";
import { endings, number, plural } from "../../text/format";
import { settings } from "./leaders";
import { some } from "./some";

interface Aim {
  name: string;
  label: string;
  wish: Wish;
  value: (trial: Trial) => number | null;
}

export function Pareto({ study, metric }: { study: StudyDetail; metric: number }) {
  const { query } = usePlace();
  const aims = aimsOf(study);
  const first = aims.find((aim) => aim.name === query.get("aim")) ?? aims[metric];
  const second = aims.find((aim) => aim.name === query.get("against")) ?? aims.find((aim) => aim !== first && aim.name.startsWith("m:")) ?? aims.find((aim) => aim !== first);
  if (!first || !second) return <div class="card"><Empty icon="chart" title="There is one aim only" /></div>;
  const on = new Set(front(study.trials.map((trial) => [second.value(trial), first.value(trial)]), [second.wish, first.wish]));
  const best = study.trials.filter((_, index) => on.has(index)).sort((a, b) => (second.value(a) ?? 0) - (second.value(b) ?? 0));
  const others = some(study.trials.filter((_, index) => !on.has(index)));
  const point = (trial: Trial) => ({ id: String(trial.number), label: `trial ${trial.number}: ${settings(study, trial)}`, x: second.value(trial), y: first.value(trial) });
  return (
    <div class="stack loose">
      <Card
        title={`${first.label} against ${second.label}`}
        end={<><Choice label="Up" part="aim" aims={aims} chosen={first} /><Choice label="Across" part="against" aims={aims} chosen={second} /></>}
      >
        <Scatter points={[...others.map(point), ...best.map((trial) => ({ ...point(trial), front: true }))]} xName={`${second.label} (${second.wish} is good)`} yName={`${first.label} (${first.wish} is good)`} height={360} what="trial" />
      </Card>
      <Card title="On the front" count={best.length} flush>
        <Table
          label="On the front"
          rows={best.slice(0, 200)}
          rowKey={(trial) => String(trial.number)}
          columns={[
            { key: "number", head: "Trial", rowHead: true, cell: (trial) => trial.number },
            { key: "first", head: first.label, number: true, cell: (trial) => number(first.value(trial), 5) },
            { key: "second", head: second.label, number: true, cell: (trial) => number(second.value(trial), 5) },
            { key: "params", head: "Params", cell: (trial) => <span class="mono small" title={settings(study, trial)}>{settings(study, trial)}</span> },
          ]}
          empty={<Empty icon="chart" title="No trial has both values" />}
        />
      </Card>
      <p class="small soft">No trial is better than one of the front in one of the two without being worse in the other. {plural(study.trials.length, "trial")} in all.</p>
    </div>
  );
}

function Choice({ label, part, aims, chosen }: { label: string; part: string; aims: Aim[]; chosen: Aim }) {
  return (
    <label class="labelled">{label}
      <select class="field" value={chosen.name} onChange={(event) => setQuery({ [part]: event.currentTarget.value })} style={{ maxWidth: "190px" }}>
        {aims.map((aim) => <option key={aim.name} value={aim.name}>{aim.label}</option>)}
      </select>
    </label>
  );
}

/** Scores are to be large, their spread over the folds small, and whatever costs: rungs, times, params that are numbers. */
function aimsOf(study: StudyDetail): Aim[] {
  const names = endings(study.params);
  const aims: Aim[] = study.metrics.map((name, index) => ({ name: `m:${name}`, label: name, wish: "large", value: (trial) => numeric(trial.means[index]) }));
  study.metrics.forEach((name, index) => aims.push({ name: `s:${name}`, label: `spread of ${name}`, wish: "small", value: (trial) => numeric(trial.stds[index]) }));
  if (study.resource) aims.push({ name: "resource", label: study.resource, wish: "small", value: (trial) => trial.resource });
  if (study.trials.some((trial) => trial.fit_s !== null)) aims.push({ name: "fit", label: "seconds to fit", wish: "small", value: (trial) => trial.fit_s });
  study.params.forEach((param, index) => {
    if (study.trials.every((trial) => numeric(trial.params[index]) !== null)) {
      aims.push({ name: `p:${param}`, label: names[index]!, wish: "small", value: (trial) => numeric(trial.params[index]) });
    }
  });
  return aims;
}

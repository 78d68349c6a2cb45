import { useMemo } from "preact/hooks";
import type { StudyDetail } from "../../../generated/api";
import { Card } from "../../components/basic";
import { LineChart } from "../../charts/line";
import { colour, useTheme } from "../../theme";
import { cell, number, plural } from "../../text/format";
import { bestSoFar } from "./best";
import { ImportanceCard } from "./importance";

export function Overview({ study, metric }: { study: StudyDetail; metric: number }) {
  const { dark } = useTheme();
  const best = study.trials[0];
  const lines = useMemo(() => {
    const inOrder = [...study.trials].sort((a, b) => a.number - b.number);
    const ys = inOrder.map((trial) => finite(trial.means[metric]));
    return [
      { label: "trial", points: true, colour: colour("--series-10"), xs: inOrder.map((trial) => trial.number), ys },
      { label: "best so far", colour: colour("--series-1"), xs: inOrder.map((trial) => trial.number), ys: bestSoFar(ys) },
    ];
  }, [study, metric, dark]);
  const rewritten = study.trials.filter((trial) => trial.rewrite).length;
  return (
    <div class="stack loose">
      <dl class="figures">
        {study.metrics.slice(0, 3).map((name, index) => (
          <div class="figure" key={name}><dt>Best trial's {name}</dt><dd>{number(best?.means[index], 5)}</dd><dd class="note">± {number(best?.stds[index], 3)} over the folds</dd></div>
        ))}
        <div class="figure"><dt>Derived, not fitted</dt><dd>{rewritten}</dd><dd class="note">of {plural(study.trials.length, "trial")}, by rewrites</dd></div>
      </dl>
      <div class="grid two">
        <Card title="History"><LineChart label={`History of ${study.metrics[metric] ?? "the metric"}`} lines={lines} xLabel="trial" height={240} /></Card>
        <ImportanceCard study={study} metric={metric} />
      </div>
      {best && (
        <Card title="Best configuration">
          <dl class="pairs">{study.params.map((name, index) => <><dt class="mono">{name}</dt><dd class="mono">{cell(best.params[index])}</dd></>)}</dl>
        </Card>
      )}
    </div>
  );
}

function finite(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

import { useMemo } from "preact/hooks";
import type { StudyDetail } from "../../../generated/api";
import { Card } from "../../components/basic";
import { LineChart } from "../../charts/line";
import { colour, useTheme } from "../../theme";
import { cell, duration, number, plural } from "../../text/format";
import { bestSoFar } from "./best";
import { finite, leaders } from "./curves";
import { ImportanceCard } from "./importance";
import { Leaders } from "./leaders";

export function Overview({ study, metric }: { study: StudyDetail; metric: number }) {
  const { dark } = useTheme();
  const best = leaders(study, metric)[0];
  const lines = useMemo(() => {
    const inOrder = [...study.trials].sort((a, b) => a.number - b.number);
    const ys = inOrder.map((trial) => finite(trial.means[metric]));
    return [
      { label: "trial", points: true, colour: colour("--series-10"), xs: inOrder.map((trial) => trial.number), ys },
      { label: "best so far", colour: colour("--series-1"), xs: inOrder.map((trial) => trial.number), ys: bestSoFar(ys) },
    ];
  }, [study, metric, dark]);
  const { account } = study;
  return (
    <div class="stack loose">
      <dl class="figures">
        {study.metrics.slice(0, 3).map((name, index) => (
          <Figure key={name} label={`Best trial's ${name}`} value={number(best?.means[index], 5)} note={`± ${number(best?.stds[index], 3)} over the folds`} />
        ))}
        {account && <Figure label="Saved by reuse" value={duration(account.saved_s)} note={`${number(account.reused)} of ${plural(account.tasks, "fit")} were known; it took ${duration(account.elapsed_s)}`} />}
        <Work study={study} />
      </dl>
      <Leaders study={study} metric={metric} />
      <div class="grid two">
        <Card title="History"><LineChart label={`History of ${study.metrics[metric] ?? "the metric"}`} lines={lines} xLabel="trial" height={240} /></Card>
        <ImportanceCard study={study} metric={metric} />
      </div>
      {best && (
        <Card title="Best configuration">
          <dl class="pairs">
            {study.params.map((name, index) => <><dt class="mono">{name}</dt><dd class="mono">{cell(best.params[index])}</dd></>)}
            {study.resource && <><dt class="mono">{study.resource}</dt><dd class="mono">{number(best.resource)}</dd></>}
          </dl>
        </Card>
      )}
    </div>
  );
}

/** What was fitted, and what did not have to be. */
function Work({ study: { account, trials } }: { study: StudyDetail }) {
  const rewritten = trials.filter((trial) => trial.rewrite).length;
  const stopped = trials.filter((trial) => trial.stopped_after !== null).length;
  const notes = [`${number(rewritten)} of ${plural(trials.length, "trial")} derived by rewrites`, stopped ? `${number(stopped)} stopped early` : ""];
  return account
    ? <Figure label="Fitted" value={number(account.fits)} note={`of ${number(account.tasks)} that a plain search fits; ${notes.filter(Boolean).join(", ")}`} />
    : <Figure label="Derived, not fitted" value={number(rewritten)} note={`of ${plural(trials.length, "trial")}, by rewrites`} />;
}

function Figure({ label, value, note }: { label: string; value: string; note: string }) {
  return <div class="figure"><dt>{label}</dt><dd>{value}</dd><dd class="note">{note}</dd></div>;
}

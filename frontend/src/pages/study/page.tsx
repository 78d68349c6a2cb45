/** One study: its trials, which params mattered, how the best came about. */
import { useEffect } from "preact/hooks";
import type { StudyDetail } from "../../../generated/api";
import { studiesGet } from "../../../generated/api";
import { useEvery } from "../../api/every";
import { useQuery } from "../../api/query";
import { Chip, IdChip, Loaded, Time } from "../../components/basic";
import { Tabs } from "../../components/tabs";
import { ViewsMenu } from "../../components/views";
import { Coordinates } from "../../charts/coordinates";
import { navigate, setQuery, usePlace } from "../../router";
import { Page } from "../../shell/page";
import { duration, endings, number, plural } from "../../text/format";
import { Learning } from "./learning";
import { Overview } from "./overview";
import { Pareto } from "./pareto";
import { Slices } from "./slices";
import { some } from "./some";
import { Trials } from "./trials";

const EVERY_MS = 2000;

export function Study({ id }: { id: string }) {
  const query = useQuery(`study/${id}`, (signal) => studiesGet(id, { signal }));
  const study = query.data;
  useEvery(study?.running ? EVERY_MS : null, query.reload);
  useEffect(() => {
    // A search that ended is its study.
    if (study && id !== study.id && /^[0-9A-Z]{26}$/.test(id)) navigate(`/studies/${study.id}${location.search}`, { replace: true });
  }, [study?.id]);
  const metric = useMetric(study?.metrics ?? []);
  return (
    <Page
      crumbs={[{ label: "Studies", href: "/studies" }, { label: study?.estimator ?? id.slice(0, 10) }]}
      title={study?.estimator ?? "Study"}
      heading={study?.estimator}
      lead={study && <span class="row wrap">{study.running && <Chip kind="running" dot>{number(study.running.done)} of {plural(study.running.total, "fit")}</Chip>}<IdChip id={study.id} shown={study.id.slice(0, 12)} /><span>{plural(study.trials.length, "trial")}{study.folds ? `, ${study.folds} folds` : ""}{study.wall_s > 0 ? `, ${duration(study.wall_s)}` : ""}</span><span class="mono">{study.data}</span><Time ms={study.created_ms} /></span>}
      actions={study && (
        <>
          {study.metrics.length > 1 && (
            <label class="labelled">Metric
              <select class="field" value={study.metrics[metric]} onChange={(event) => setQuery({ metric: event.currentTarget.value === study.metrics[0] ? null : event.currentTarget.value })}>
                {study.metrics.map((name) => <option key={name} value={name}>{name}</option>)}
              </select>
            </label>
          )}
          <ViewsMenu />
          {!study.running && <a class="button" href={`/lineage?focus=${study.id}`}>Lineage</a>}
        </>
      )}
    >
      <Loaded query={query}>
        {(answer) => (
          <Tabs
            tabs={[
              { id: "overview", label: "Overview", content: () => <Overview study={answer} metric={metric} /> },
              { id: "trials", label: "Trials", count: answer.trials.length, content: () => <Trials study={answer} /> },
              { id: "parallel", label: "Parallel coordinates", content: () => <ParallelTab study={answer} metric={metric} /> },
              { id: "pareto", label: "Pareto", content: () => <Pareto study={answer} metric={metric} /> },
              { id: "curves", label: "Learning curves", content: () => <Learning study={answer} metric={metric} /> },
              { id: "slices", label: "Slices", content: () => <Slices study={answer} metric={metric} /> },
            ]}
          />
        )}
      </Loaded>
    </Page>
  );
}

/** Position of the metric that is looked at; the first one unless the URL names another. */
function useMetric(metrics: string[]): number {
  const { query } = usePlace();
  return Math.max(0, metrics.indexOf(query.get("metric") ?? ""));
}

function ParallelTab({ study, metric }: { study: StudyDetail; metric: number }) {
  const trials = some(study.trials);
  const names = endings(study.params);
  const columns = [
    ...study.params.map((name, index) => ({ name, label: names[index]!, result: false, values: trials.map((trial) => trial.params[index]) })),
    ...study.metrics
      .map((name, index) => ({ name: `metrics.${name}`, label: name, result: true, values: trials.map((trial) => trial.means[index]), index }))
      .sort((a, b) => Number(a.index === metric) - Number(b.index === metric)),
  ];
  return (
    <Coordinates
      columns={columns}
      rows={trials.map((trial) => ({ id: String(trial.number), label: `trial ${trial.number}, rank ${trial.rank}` }))}
      what="trial"
      note={trials.length < study.trials.length ? `${number(trials.length)} of ${number(study.trials.length)} trials are drawn: the best ones, and every so many of the others.` : undefined}
    />
  );
}

/** One study: its trials, which params mattered, how the best came about. */
import { useMemo } from "preact/hooks";
import type { StudyDetail, Trial } from "../../generated/api";
import { studiesGet } from "../../generated/api";
import { useQuery } from "../api/query";
import { Card, Chip, IdChip, Loaded, Time } from "../components/basic";
import { Tabs } from "../components/tabs";
import { VirtualTable } from "../components/table";
import { numeric } from "../charts/axes";
import { NamedBars } from "../charts/bars";
import { LineChart } from "../charts/line";
import { Parallel } from "../charts/parallel";
import { setQuery, usePlace } from "../router";
import { Page } from "../shell/page";
import { colour, useTheme } from "../theme";
import { cell, duration, number, plural } from "../text/format";

export function Study({ id }: { id: string }) {
  const query = useQuery(`study/${id}`, (signal) => studiesGet(id, { signal }));
  const study = query.data;
  return (
    <Page
      crumbs={[{ label: "Studies", href: "/studies" }, { label: study?.estimator ?? id.slice(0, 10) }]}
      title={study?.estimator ?? "Study"}
      heading={study?.estimator}
      lead={study && <span class="row wrap"><IdChip id={study.id} shown={study.id.slice(0, 12)} /><span>{plural(study.trials.length, "trial")}{study.folds ? `, ${study.folds} folds` : ""}, {duration(study.wall_s)}</span><span class="mono">{study.data}</span><Time ms={study.created_ms} /></span>}
      actions={study && <a class="button" href={`/lineage?focus=${study.id}`}>Lineage</a>}
    >
      <Loaded query={query}>
        {(answer) => (
          <Tabs
            tabs={[
              { id: "overview", label: "Overview", content: () => <Overview study={answer} /> },
              { id: "trials", label: "Trials", count: answer.trials.length, content: () => <Trials study={answer} /> },
              { id: "parallel", label: "Parallel coordinates", content: () => <Coordinates study={answer} /> },
            ]}
          />
        )}
      </Loaded>
    </Page>
  );
}

function Overview({ study }: { study: StudyDetail }) {
  const { dark } = useTheme();
  const best = study.trials[0];
  const lines = useMemo(() => {
    const inOrder = [...study.trials].sort((a, b) => a.number - b.number);
    const finite = (value: unknown) => (typeof value === "number" ? value : null);
    return [
      { label: "trial", points: true, colour: colour("--series-10"), xs: inOrder.map((trial) => trial.number), ys: inOrder.map((trial) => finite(trial.means[0])) },
      { label: "best so far", colour: colour("--series-1"), xs: study.best_so_far.map((_, index) => inOrder[index]?.number ?? index), ys: study.best_so_far.map(finite) },
    ];
  }, [study, dark]);
  const rewritten = study.trials.filter((trial) => trial.rewrite).length;
  return (
    <div class="stack loose">
      <dl class="figures">
        {study.metrics.slice(0, 3).map((metric, index) => (
          <div class="figure" key={metric}><dt>Best trial's {metric}</dt><dd>{number(best?.means[index], 5)}</dd><dd class="note">± {number(best?.stds[index], 3)} over the folds</dd></div>
        ))}
        <div class="figure"><dt>Derived, not fitted</dt><dd>{rewritten}</dd><dd class="note">of {plural(study.trials.length, "trial")}, by rewrites</dd></div>
      </dl>
      <div class="grid two">
        <Card title="History"><LineChart label={`History of ${study.metrics[0] ?? "the metric"}`} lines={lines} xLabel="trial" height={240} /></Card>
        <Card title="Which params mattered">
          {study.importance.length
            ? <NamedBars rows={study.importance.map((one) => ({ name: one.param, value: one.share, text: `${number(100 * one.share, 3)} %` }))} most={1} />
            : <p class="soft">{study.importance_note ?? "Not known."}</p>}
          {study.importance.length > 0 && <p class="small soft" style={{ marginTop: "10px" }}>Share of the spread of {study.metrics[0]} that lies between the values of a param.</p>}
        </Card>
      </div>
      {best && (
        <Card title="Best configuration">
          <dl class="pairs">{study.params.map((name, index) => <><dt class="mono">{name}</dt><dd class="mono">{cell(best.params[index])}</dd></>)}</dl>
        </Card>
      )}
    </div>
  );
}

function Trials({ study }: { study: StudyDetail }) {
  const { query } = usePlace();
  const [key = "rank", direction = "ASC"] = (query.get("sort") ?? "").split(" ").filter(Boolean);
  const rows = useMemo(() => {
    const value = (trial: Trial): number | string | null =>
      key === "rank" ? trial.rank : key === "number" ? trial.number : key === "fit" ? trial.fit_s
        : key.startsWith("m:") ? (trial.means[study.metrics.indexOf(key.slice(2))] ?? null) : (trial.params[study.params.indexOf(key.slice(2))] ?? null);
    const sign = direction === "DESC" ? -1 : 1;
    return [...study.trials].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
      const [m, n] = [numeric(x), numeric(y)];
      return sign * (m !== null && n !== null ? m - n : String(x).localeCompare(String(y)));
    });
  }, [study, key, direction]);
  return (
    <div style={{ height: "calc(100vh - 240px)", minHeight: "320px", display: "grid" }}>
      <VirtualTable
        label="Trials"
        total={rows.length}
        rowAt={(index) => rows[index]}
        rowKey={(trial) => String(trial.number)}
        onRange={() => {}}
        sort={{ key, descending: direction === "DESC" }}
        onSort={(sort) => setQuery({ sort: `${sort.key} ${sort.descending ? "DESC" : "ASC"}` })}
        columns={[
          { key: "rank", head: "Rank", width: 84, number: true, sortable: true, cell: (trial) => trial.rank },
          { key: "number", head: "Trial", width: 80, number: true, sortable: true, rowHead: true, cell: (trial) => trial.number },
          ...study.metrics.map((metric, index) => ({
            key: `m:${metric}`, head: metric, width: 170, number: true, sortable: true,
            cell: (trial: Trial) => <>{number(trial.means[index], 5)} <span class="faint">± {number(trial.stds[index], 2)}</span></>,
          })),
          ...study.params.map((name, index) => ({
            key: `p:${name}`, head: name, width: Math.max(110, name.length * 8 + 24), sortable: true,
            cell: (trial: Trial) => <span class="mono">{cell(trial.params[index])}</span>,
          })),
          { key: "fit", head: "Fit", width: 90, number: true, sortable: true, cell: (trial) => duration(trial.fit_s) },
          { key: "rewrite", head: "Derived by", width: 150, cell: (trial) => (trial.rewrite ? <Chip kind="reused">{trial.rewrite}</Chip> : <span class="faint">fitted</span>) },
        ]}
      />
    </div>
  );
}

function Coordinates({ study }: { study: StudyDetail }) {
  const columns = [...study.params.slice(0, 10), ...study.metrics.slice(0, 2)];
  return (
    <Card title="Parallel coordinates">
      <Parallel
        columns={columns}
        rows={study.trials.slice(0, 1500).map((trial) => ({ id: String(trial.number), label: `trial ${trial.number}`, values: [...trial.params.slice(0, 10), ...trial.means.slice(0, 2)] }))}
        colourBy={Math.min(study.params.length, 10)}
      />
    </Card>
  );
}

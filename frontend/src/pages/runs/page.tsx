/** The table of runs of an experiment, or of all: filter, order, columns, groups, selection. */
import { useEffect, useState } from "preact/hooks";
import type { RunRow } from "../../../generated/api";
import { experimentsGet, runsBulk, runsColumns, runsCsvAddress } from "../../../generated/api";
import { invalidate, useQuery } from "../../api/query";
import { Button, Empty, Failure, Skeleton, Status, Time } from "../../components/basic";
import { FormDialog } from "../../components/dialog";
import { Icon } from "../../components/icon";
import { Item, Menu } from "../../components/menu";
import { SearchField } from "../../components/search";
import { type Column, VirtualTable } from "../../components/table";
import { attempt, toast } from "../../components/toast";
import { ViewsMenu } from "../../components/views";
import { navigate, setQuery, usePlace, withQuery } from "../../router";
import { Page } from "../../shell/page";
import { cell, column, duration, number, plural, seconds, titled } from "../../text/format";
import { StepBar } from "../home";
import { About, AboutPanel } from "./about";
import { RunCharts } from "./charts";
import { differing, joined, ordering, parted, picked, remember, remembered } from "./columns";
import { FilterHelp } from "./filter";
import { PickButton } from "./pick";
import { Groups } from "./groups";
import { ColumnPicker } from "./picker";
import { type RunsAsked, useRows } from "./rows";

const AUTO = ["auto"];

export function Runs({ id }: { id?: string }) {
  const { query } = usePlace();
  const scope = id ?? "all";
  const filter = query.get("filter") ?? "";
  const view = (query.get("view") ?? "active") as RunsAsked["view"];
  const [, sortKey = "started", direction = "DESC"] = /^(.+) (ASC|DESC)$/.exec(query.get("sort") ?? "") ?? [];
  const wanted = query.get("cols") ? parted(query.get("cols")!) : remembered(scope);
  const by = parted(query.get("group") ?? "");
  const onlyDifferent = query.get("diff") === "1";

  const experiment = useQuery(id ? `experiments/one/${id}` : null, (signal) => experimentsGet(id!, { signal }));
  const within = { ...(id ? { experiment: [id] } : {}), filter, view };
  const needed = onlyDifferent || by.length > 0 || query.has("charts");
  const [settled, settle] = useState(needed);
  const catalogue = useQuery(settled || needed ? `runs/columns/${scope}/${view}/${filter}` : null, (signal) => runsColumns(within, { signal }));
  const infos = catalogue.data?.columns ?? [];
  const asked = onlyDifferent && wanted ? differing(wanted, infos, catalogue.data?.runs ?? 0) : wanted;
  const rows = useRows({
    experiment: id ? [id] : [],
    filter,
    view,
    order: [ordering(sortKey, direction === "DESC")],
    columns: asked ?? AUTO,
  });
  // The rows come first: the catalogue of columns reads every run.
  useEffect(() => {
    if (!rows.loading) settle(true);
  }, [rows.loading]);
  const shown = onlyDifferent ? differing(rows.columns, infos, catalogue.data?.runs ?? 0) : rows.columns;
  const selection = useSelection();
  const [about, showAbout] = useState(false);

  const choose = (columns: string[] | null) => {
    remember(scope, columns);
    setQuery({ cols: columns ? joined(columns) : null });
  };
  const name = experiment.data?.name ?? (id ? "…" : "All runs");
  const crumbs = [{ label: "Experiments", href: "/experiments" }, { label: name }];
  const csv = runsCsvAddress({ ...within, columns: shown });
  const selected = [...selection.ids];
  const compare = () => selected.length && navigate(`/compare?ids=${selected.slice(0, 200).join(",")}`);

  const columns: Column<RunRow>[] = [
    ...FIXED(!id, rows.loaded.some((row) => row.steps)),
    ...shown.map((column_, index) => metricColumn(column_, rows.columns.indexOf(column_), (next) => choose(shown.map((other, at) => (at === index ? next : other))))),
  ];
  return (
    <Page crumbs={crumbs} title={name} flush>
      <div class="runs-page">
        <div class="page-head">
          <div class="titles"><h1>{name}</h1></div>
          <div class="actions">
            {experiment.data && <About experiment={experiment.data} open={about} show={showAbout} />}
            <a class="button plain" href={csv} download={`${name}.csv`}><Icon name="download" />CSV</a>
            <ViewsMenu address={withQuery({ cols: wanted ? joined(wanted) : null })} />
          </div>
        </div>
        {about && experiment.data && <AboutPanel experiment={experiment.data} />}
        <div class="toolbar">
          <SearchField
            label="Filter runs"
            placeholder="metrics.auc > 0.9 and params.model = 'ridge'"
            value={filter}
            invalid={!!rows.error}
            now
            onChange={(text) => setQuery({ filter: text }, { replace: false })}
          />
          <FilterHelp catalogue={infos} filter={filter} />
          <select class="field" aria-label="Which runs" value={view} onChange={(event) => setQuery({ view: event.currentTarget.value === "active" ? null : event.currentTarget.value })}>
            <option value="active">active</option><option value="deleted">deleted</option><option value="all">all</option>
          </select>
          <GroupMenu columns={infos.map((info) => info.column)} by={by} />
          <Button icon="chart" pressed={query.has("charts")} onClick={() => setQuery({ charts: query.has("charts") ? null : "1" })}>Charts</Button>
          <Button pressed={onlyDifferent} onClick={() => setQuery({ diff: onlyDifferent ? null : "1" })}>Differences</Button>
          <ColumnPicker catalogue={infos} shown={asked ?? shown} onChange={choose} onReset={() => choose(null)} />
        </div>
        {rows.error && <div style={{ marginBottom: "10px" }}><Failure error={rows.error} retry={rows.reload} /></div>}
        {query.has("charts") && <RunCharts catalogue={infos} rows={selected.length ? rows.loaded.filter((row) => selection.ids.has(row.id)) : rows.loaded} />}
        {by.length
          ? <Groups by={by} within={within} columns={shown.filter((one) => one.startsWith("metrics."))} catalogue={infos} />
          : rows.loading && !rows.loaded.length
          ? <Skeleton height={28} count={12} />
          : rows.total || rows.loading
          ? (
            <VirtualTable
              label="Runs"
              columns={columns}
              total={rows.total}
              rowAt={rows.rowAt}
              rowKey={(row) => row.id}
              onRange={rows.want}
              busy={rows.loading}
              sort={{ key: sortKey, descending: direction === "DESC" }}
              onSort={(sort) => setQuery({ sort: sort.key === "started" && sort.descending ? null : `${sort.key}${sort.descending ? " DESC" : " ASC"}` })}
              selected={selection.ids}
              onSelect={(from, to, on) => selection.change(range(from, to).flatMap((index) => rows.rowAt(index)?.id ?? []), on)}
              onSelectAll={(on) => (on ? selection.change(rows.loaded.map((row) => row.id), true) : selection.clear())}
              href={(row) => `/runs/${row.id}`}
              onKey={(event) => event.key === "c" && compare()}
            />
          )
          : !rows.error && (
            <div class="card">
              {filter || view !== "active"
                ? <Empty icon="search" title="No run matches"><a href={location.pathname}>Show all runs</a></Empty>
                : <Empty icon="terminal" title="No runs yet" command="clew demo">Log one with <code>with clew.run():</code>, run a flow, or point a tracking client here.</Empty>}
            </div>
          )}
        {selected.length > 0 && <SelectionBar ids={selected} view={view} compare={compare} clear={selection.clear} done={rows.reload} />}
        <div class="status-line">
          <span>{plural(rows.total, "run")}{selected.length ? `, ${selected.length} selected` : ""}</span>
          <span class="grow" />
          <span class="faint"><kbd>↑↓</kbd> move <kbd>x</kbd> select <kbd>c</kbd> compare <kbd>/</kbd> filter</span>
        </div>
      </div>
    </Page>
  );
}

function range(from: number, to: number): number[] {
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  return Array.from({ length: high - low + 1 }, (_, index) => low + index);
}

function useSelection() {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  return {
    ids,
    change: (changed: string[], on: boolean) => {
      const next = new Set(ids);
      for (const id of changed) on ? next.add(id) : next.delete(id);
      setIds(next);
    },
    clear: () => setIds(new Set()),
  };
}

const FIXED = (withExperiment: boolean, withSteps: boolean): Column<RunRow>[] => [
  {
    key: "name", head: "Run", width: 200, sortable: true, rowHead: true,
    cell: (row) => (
      <>
        {row.parent_id && <span class="faint" title="Nested in another run">↳ </span>}
        <a href={`/runs/${row.id}`}>{row.name}</a>
        {row.children > 0 && <span class="faint small"> +{row.children}</span>}
      </>
    ),
  },
  { key: "status", head: "Status", width: 112, sortable: true, cell: (row) => <Status status={row.status} /> },
  ...(withExperiment
    ? [{ key: "experiment", head: "Experiment", width: 140, sortable: true, cell: (row: RunRow) => <a href={`/e/${row.experiment_id}`}>{row.experiment_name}</a> }]
    : []),
  { key: "started", head: "Started", width: 108, sortable: true, cell: (row) => <Time ms={row.started_ms} /> },
  { key: "duration", head: "Duration", width: 108, number: true, sortable: true, cell: (row) => duration(seconds(row)) },
  ...(withSteps ? [{ key: "steps", head: "Steps", width: 184, cell: (row: RunRow) => <StepBar row={row} /> }] : []),
];

function metricColumn(name: string, index: number, change: (name: string) => void): Column<RunRow> {
  const { kind, key, pick } = column(name);
  const isMetric = kind === "metrics";
  return {
    key: name,
    width: Math.min(260, Math.max(116, key.length * 7.6 + (isMetric ? 74 : 36))),
    number: isMetric,
    sortable: true,
    head: <span class="clip" title={name}>{titled(name)}</span>,
    tools: isMetric && <PickButton pick={pick} change={(next) => change(picked(name, next))} label={key} />,
    cell: (row) => {
      const value = row.cells[index];
      if (value === null || value === undefined) return <span class="faint">–</span>;
      return isMetric ? cell(value) : <span title={String(value)}>{String(value)}</span>;
    },
  };
}

function GroupMenu({ columns, by }: { columns: string[]; by: string[] }) {
  const offered = ["attributes.status", "attributes.user", "attributes.flow", ...columns.filter((name) => name.startsWith("params."))];
  const toggle = (name: string) => setQuery({ group: joined(by.includes(name) ? by.filter((one) => one !== name) : [...by, name].slice(-5)) });
  return (
    <Menu icon="group" text={by.length ? `Group: ${by.map((name) => column(name).key).join(", ")}` : "Group"} label="Group runs">
      {(close) => (
        <>
          <Item onClick={() => { setQuery({ group: null }); close(); }}>No groups</Item>
          <hr />
          {offered.slice(0, 100).map((name) => (
            <Item key={name} onClick={() => toggle(name)} {...(by.includes(name) ? { icon: "check" as const } : {})}>{name.replace(/^attributes\./, "")}</Item>
          ))}
        </>
      )}
    </Menu>
  );
}

function SelectionBar({ ids, view, compare, clear, done }: { ids: string[]; view: string; compare: () => void; clear: () => void; done: () => void }) {
  const [tagging, tag] = useState(false);
  const act = async (body: Parameters<typeof runsBulk>[0], text: string) => {
    const answer = await attempt(runsBulk(body), "");
    if (!answer) return undefined;
    toast(`${text} ${plural(answer.changed, "run")}`, "good");
    for (const one of answer.rejected.slice(0, 3)) toast(`${one.id}: ${one.problem}`, "bad");
    clear();
    invalidate("runs", "experiments", "home");
    done();
    return answer;
  };
  return (
    <div class="selection-bar" role="toolbar" aria-label="Selected runs">
      <strong>{number(ids.length)} selected</strong>
      <Button icon="compare" kind="primary small" onClick={compare}>Compare</Button>
      <Button icon="tag" kind="small" onClick={() => tag(true)}>Tag</Button>
      {view === "deleted"
        ? <Button icon="restore" kind="small" onClick={() => void act({ ids, action: "restore" }, "Restored")}>Restore</Button>
        : <Button icon="trash" kind="small danger" onClick={() => void act({ ids, action: "delete" }, "Deleted")}>Delete</Button>}
      <Button icon="close" kind="plain small" label="Clear the selection" onClick={clear} />
      {tagging && (
        <FormDialog
          title={`Tag ${plural(ids.length, "run")}`}
          action="Tag"
          close={() => tag(false)}
          submit={async (values) => {
            const [key, value] = [String(values.get("key")).trim(), String(values.get("value"))];
            return act(value ? { ids, action: "tag", set: { [key]: value } } : { ids, action: "tag", remove: [key] }, "Tagged");
          }}
        >
          <label class="stack tight">Key<input class="field" name="key" required autofocus /></label>
          <label class="stack tight">Value (nothing removes the tag)<input class="field" name="value" /></label>
        </FormDialog>
      )}
    </div>
  );
}

/** One endpoint: live figures, arms with shares and rewards, its canary, its history. */
import { useEffect, useState } from "preact/hooks";
import type { ArmLine, DeploymentDetail, DeploymentRow, StateLine } from "../../generated/api";
import { deploymentsGet, deploymentsPromote, deploymentsRollback, deploymentsStop } from "../../generated/api";
import { useEvery } from "../api/every";
import { invalidate, useQuery } from "../api/query";
import { Button, Card, Chip, Command, Empty, Loaded, Time } from "../components/basic";
import { ReasonDialog } from "../components/dialog";
import { Table } from "../components/table";
import { Tabs } from "../components/tabs";
import { attempt } from "../components/toast";
import { LineChart } from "../charts/line";
import { Page } from "../shell/page";
import { colour } from "../theme";
import { number, when } from "../text/format";
import { hits, ms, percent, States } from "./deployments";

const EVERY_MS = 3000;
const KEPT = 200;

export function Deployment({ name }: { name: string }) {
  const query = useQuery(`deployment/${name}`, (signal) => deploymentsGet(name, { signal }));
  useEvery(EVERY_MS, query.reload);
  const row = query.data?.deployment;
  return (
    <Page
      crumbs={[{ label: "Deployments", href: "/deployments" }, { label: name }]}
      title={name}
      heading={name}
      lead={row && <span class="row wrap"><States row={row} />{row.policy && <span>policy {row.policy}</span>}{row.changed_ms && <span>changed <Time ms={row.changed_ms} />{row.changed_by ? ` by ${row.changed_by}` : ""}{row.reason ? `: ${row.reason}` : ""}</span>}</span>}
      actions={query.data && <Actions detail={query.data} />}
    >
      <Loaded query={query}>{(detail) => <Content detail={detail} />}</Loaded>
    </Page>
  );
}

function Actions({ detail: { deployment: row, history } }: { detail: DeploymentDetail }) {
  const [doing, act] = useState<"" | "promote" | "rollback" | "stop">("");
  const challengers = row.arms.filter((arm) => arm.part !== "champion" && arm.roles.length);
  const done = async (what: Promise<unknown>, text: string) => {
    const answer = await attempt(what, text);
    invalidate("deployment", "models", "model/", "home", "audit");
    return answer;
  };
  return (
    <>
      <a class="button" href={`/predictions?model=${encodeURIComponent(row.name)}`}>Predictions</a>
      {row.node && <a class="button" href={`/lineage?focus=${row.node}&up=20`}>Lineage</a>}
      {row.canary?.state === "running" && <Button onClick={() => act("stop")}>Stop the canary</Button>}
      {history[0]?.previous && <Button icon="restore" onClick={() => act("rollback")}>Roll back</Button>}
      {challengers.length > 0 && <Button icon="pin" kind="primary" onClick={() => act("promote")}>Promote</Button>}
      {doing === "promote" && (
        <ReasonDialog title={`Promote an arm of ${row.name}`} action="Promote" close={() => act("")} submit={(reason, values) => done(deploymentsPromote(row.name, { arm: String(values.get("arm")), reason }), "Promoted")}>
          <label class="stack tight">Arm<select class="field" name="arm">{challengers.map((arm) => <option key={arm.roles[0]} value={arm.roles[0]}>{arm.roles[0]}: {arm.key}</option>)}</select></label>
        </ReasonDialog>
      )}
      {doing === "rollback" && <ReasonDialog title={`Roll back ${row.name}`} action="Roll back" close={() => act("")} submit={(reason) => done(deploymentsRollback(row.name, { reason }), "Rolled back")} />}
      {doing === "stop" && <ReasonDialog title="Stop the canary" action="Stop" danger close={() => act("")} submit={(reason) => done(deploymentsStop(row.name, { reason: reason || "stopped by hand" }), "Stopped")} />}
    </>
  );
}

function Content({ detail }: { detail: DeploymentDetail }) {
  const { deployment: row, history, configuration } = detail;
  return (
    <Tabs
      tabs={[
        { id: "live", label: "Live", content: () => <Live row={row} /> },
        { id: "history", label: "History", count: history.length, content: () => <History states={history} /> },
        { id: "configuration", label: "Configuration", content: () => <pre class="block" tabIndex={0}>{JSON.stringify(configuration, null, 2)}</pre> },
      ]}
    />
  );
}

function Live({ row }: { row: DeploymentRow }) {
  const { live } = row;
  const found = hits(live);
  if (!row.processes.length && !live.requests) {
    return <div class="card"><Empty icon="deployments" title="No process serves it now" command={`clew serve ${row.name}`}>Its figures stand here while it is served.</Empty></div>;
  }
  return (
    <div class="stack loose">
      <dl class="figures">
        <Figure label="Latency p50" value={ms(live.p50_ms)} note={`p95 ${ms(live.p95_ms)}, p99 ${ms(live.p99_ms)}`} />
        <Figure label="Throughput" value={`${number(live.requests_per_s, 3)} /s`} note={`${number(live.rows_per_s, 3)} rows a second`} />
        <Figure label="Batch" value={live.batch_rows === null ? "–" : number(live.batch_rows, 3)} note={`rows on the mean, ${number(live.largest_batch)} at most`} />
        <Figure label="From the cache" value={percent(found)} note={found === null ? "no cache" : `${number(live.cache_hits)} rows`} />
        <Figure label="Errors" value={number(live.errors)} note={`${number(live.late)} late, ${number(live.refused)} refused, of ${number(live.requests)}`} />
      </dl>
      <LatencyChart row={row} />
      {row.canary && <Canary row={row} />}
      <Card title="Arms" count={row.arms.length} flush><Arms arms={row.arms} /></Card>
      <Card title="Processes" count={row.processes.length}>
        {row.processes.length
          ? <ul class="stack tight">{row.processes.map((one) => <li class="row" key={one.pid}><span class="mono grow">{one.address}</span><span class="soft">process {one.pid}, since {when(one.started_ms)}</span></li>)}</ul>
          : <Command text={`clew serve ${row.name}`} />}
      </Card>
    </div>
  );
}

function Figure({ label, value, note }: { label: string; value: string; note: string }) {
  return <div class="figure"><dt>{label}</dt><dd>{value}</dd><dd class="note">{note}</dd></div>;
}

/** Latency since this page was opened: the server keeps the last minute only. */
function LatencyChart({ row }: { row: DeploymentRow }) {
  const [points, setPoints] = useState<{ x: number; p50: number | null; p95: number | null; p99: number | null }[]>([]);
  useEffect(() => {
    const { p50_ms, p95_ms, p99_ms } = row.live;
    setPoints((before) => [...before.slice(1 - KEPT), { x: Date.now() / 1000, p50: p50_ms, p95: p95_ms, p99: p99_ms }]);
  }, [row]);
  const line = (label: "p50" | "p95" | "p99", name: string) => ({ label, colour: colour(name), xs: points.map((point) => point.x), ys: points.map((point) => point[label]) });
  return (
    <Card title="Latency since this page was opened (ms)">
      {points.length < 2
        ? <p class="soft small">The next figures come in some seconds.</p>
        : <LineChart label="Latency in milliseconds" lines={[line("p50", "--series-1"), line("p95", "--series-2"), line("p99", "--series-3")]} xTime xLabel="time" height={180} />}
    </Card>
  );
}

function Canary({ row }: { row: DeploymentRow }) {
  const canary = row.canary!;
  return (
    <Card title="Canary" end={<Chip kind={canary.state === "stopped" ? "failed" : "running"} dot>{canary.state}</Chip>}>
      <dl class="pairs">
        <dt>Arm</dt><dd>{canary.arm}: <span class="mono">{canary.key}</span></dd>
        <dt>Share</dt><dd>{percent(canary.share)} of the requests; {number(canary.requests)} so far</dd>
        <dt>Judged</dt><dd>from {number(canary.least)} requests on, at every doubling; risk of stopping one that is not worse {percent(canary.risk)}</dd>
        {canary.reason && <><dt>Stopped</dt><dd>{canary.reason}</dd></>}
      </dl>
    </Card>
  );
}

function Arms({ arms }: { arms: ArmLine[] }) {
  return (
    <Table
      label="Arms"
      rows={arms}
      rowKey={(arm) => arm.key + arm.part}
      columns={[
        { key: "key", head: "Version", rowHead: true, cell: (arm) => <a href={`/models/${encodeURIComponent(arm.model)}/${arm.version}`}>{arm.key}</a> },
        { key: "part", head: "Part", cell: (arm) => <Chip kind={arm.part === "champion" ? "accent" : ""}>{arm.part}</Chip> },
        { key: "share", head: "Share", number: true, cell: (arm) => <Share share={arm.share} /> },
        { key: "reward", head: "Mean reward", number: true, cell: (arm) => number(arm.mean_reward) },
        { key: "rewards", head: "Rewards", number: true, cell: (arm) => number(arm.rewards) },
        { key: "p50", head: "p50", number: true, cell: (arm) => ms(arm.live.p50_ms) },
        { key: "p99", head: "p99", number: true, cell: (arm) => ms(arm.live.p99_ms) },
        { key: "requests", head: "Requests", number: true, cell: (arm) => number(arm.live.requests) },
        { key: "errors", head: "Errors", number: true, cell: (arm) => number(arm.live.errors) },
      ]}
    />
  );
}

function Share({ share }: { share: number | null }) {
  return (
    <span class="row" style={{ justifyContent: "flex-end" }}>
      {share !== null && <span class="bar-track" style={{ width: "72px", flex: "none" }} aria-hidden="true"><span class="bar-fill" style={{ width: `${100 * share}%` }} /></span>}
      <span style={{ minWidth: "44px" }}>{percent(share)}</span>
    </span>
  );
}

function History({ states }: { states: StateLine[] }) {
  return (
    <Table
      label="History"
      rows={states}
      rowKey={(state) => state.id}
      columns={[
        { key: "time", head: "When", rowHead: true, cell: (state) => <Time ms={state.time_ms} /> },
        { key: "actor", head: "Who", cell: (state) => state.actor || "–" },
        { key: "action", head: "What", cell: (state) => <Chip>{state.action.replace("deployment.", "")}</Chip> },
        { key: "arms", head: "Arms", cell: (state) => <span class="mono">{Object.entries(state.arms).map(([role, key]) => `${role} ${key}`).join(", ")}</span> },
        { key: "policy", head: "Policy", cell: (state) => state.policy },
        { key: "reason", head: "Why", cell: (state) => <span title={state.reason}>{state.reason || "–"}</span> },
      ]}
      empty={<div class="card"><Empty icon="deployments" title="Served by its own name" command={`clew serve ${"NAME@champion"}`}>It is no recorded deployment, so it has no history.</Empty></div>}
    />
  );
}

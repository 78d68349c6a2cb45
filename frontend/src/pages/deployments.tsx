/** Endpoints as they run: latency, load, cache, errors, and who answers. */
import type { DeploymentRow, LiveFigures } from "../../generated/api";
import { deploymentsList } from "../../generated/api";
import { useEvery } from "../api/every";
import { useQuery } from "../api/query";
import { Chip, Empty, Loaded, Time } from "../components/basic";
import { Table } from "../components/table";
import { Page } from "../shell/page";
import { duration, number } from "../text/format";

const EVERY_MS = 5000;

export const ms = (value: number | null): string => (value === null ? "–" : duration(value / 1000));
export const percent = (share: number | null): string => (share === null ? "–" : `${number(100 * share, 3)} %`);

/** Rows that were found in the cache, of those that were looked for; null without a cache. */
export function hits(live: Pick<LiveFigures, "cache_hits" | "cache_misses">): number | null {
  const all = live.cache_hits + live.cache_misses;
  return all ? live.cache_hits / all : null;
}

export function Deployments() {
  const query = useQuery("deployments", (signal) => deploymentsList({ signal }));
  useEvery(EVERY_MS, query.reload);
  return (
    <Page crumbs={[{ label: "Deployments" }]} title="Deployments" heading="Deployments" lead="Endpoints, the versions behind them, and how they do. Figures are those of the last minute.">
      <Loaded query={query}>
        {(answer) => (
          <Table
            label="Deployments"
            rows={answer.rows}
            rowKey={(row) => row.name}
            columns={[
              { key: "name", head: "Endpoint", rowHead: true, cell: (row) => <a href={`/deployments/${encodeURIComponent(row.name)}`}>{row.name}</a> },
              { key: "state", head: "State", cell: (row) => <States row={row} /> },
              { key: "arms", head: "Answers", cell: (row) => <span class="row wrap">{row.arms.map((arm) => <Chip key={arm.key + arm.part} kind={arm.part === "champion" ? "accent" : ""}>{arm.key} {arm.share === null ? arm.part : percent(arm.share)}</Chip>)}</span> },
              { key: "p50", head: "p50", number: true, cell: (row) => ms(row.live.p50_ms) },
              { key: "p95", head: "p95", number: true, cell: (row) => ms(row.live.p95_ms) },
              { key: "p99", head: "p99", number: true, cell: (row) => ms(row.live.p99_ms) },
              { key: "rps", head: "Requests/s", number: true, cell: (row) => number(row.live.requests_per_s, 3) },
              { key: "errors", head: "Errors", number: true, cell: (row) => number(row.live.errors) },
              { key: "changed", head: "Changed", cell: (row) => <Time ms={row.changed_ms} /> },
            ]}
            empty={<div class="card"><Empty icon="deployments" title="Nothing is deployed yet" command="clew serve NAME@champion">A model that is served, or a deployment of several versions (<code>clew.serve.deploy</code>), stands here with its latency and load.</Empty></div>}
          />
        )}
      </Loaded>
    </Page>
  );
}

export function States({ row }: { row: DeploymentRow }) {
  return (
    <span class="row">
      {row.processes.length ? <Chip kind="finished" dot>served</Chip> : <Chip>not served</Chip>}
      {row.canary && <Chip kind={row.canary.state === "stopped" ? "failed" : "running"}>canary {row.canary.state}</Chip>}
    </span>
  );
}

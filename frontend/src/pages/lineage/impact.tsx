import { lineageImpact } from "../../../generated/api";
import { useQuery } from "../../api/query";
import { Card, Loaded, Time } from "../../components/basic";
import { Table } from "../../components/table";
import { duration, plural, shortName } from "../../text/format";

/** What depends on a file, an id, or a library. */
export function ImpactPanel({ what }: { what: string }) {
  const query = useQuery(`impact/${what}`, (signal) => lineageImpact({ what }, { signal }));
  return (
    <Card title={<>What depends on <code>{what}</code></>}>
      <Loaded query={query} rows={3}>
        {(impact) => (
          <div class="stack">
            <p>{impact.direct
              ? `${plural(impact.direct, "node uses", "nodes use")} it; ${plural(impact.downstream, "node depends", "nodes depend")} on it in all, in ${plural(impact.runs.length, "run")}${impact.models.length ? ` and ${plural(impact.models.length, "model version")}` : ""}.`
              : "Nothing uses it."}
            </p>
            {impact.models.length > 0 && <p>{impact.models.map((model) => <><a href={`/models/${model.replace("@", "/")}`}>{model}</a>{" "}</>)}</p>}
            {impact.logged.length > 0 && <p>Logged models: {impact.logged.map((model) => <><a href={`/lineage?focus=${model.id}`}>{model.name}</a>{" "}</>)}</p>}
            {impact.runs.length > 0 && (
              <Table
                label="Affected runs"
                rows={impact.runs.slice(0, 100)}
                rowKey={(run) => run.id}
                columns={[
                  { key: "run", head: "Run", rowHead: true, cell: (run) => <a href={`/runs/${run.id}`}>{run.name}</a> },
                  { key: "flow", head: "Flow", cell: (run) => run.flow ?? "–" },
                  { key: "started", head: "Started", cell: (run) => <Time ms={run.started_ms} /> },
                ]}
              />
            )}
            {impact.nodes.length > 0 && (
              <Table
                label="Affected nodes"
                rows={impact.nodes.slice(0, 100)}
                rowKey={(node) => node.id}
                columns={[
                  { key: "node", head: "Node", rowHead: true, cell: (node) => <a href={`/lineage?focus=${node.id}`}>{shortName(node.operation)}</a> },
                  { key: "kind", head: "Kind", cell: (node) => node.kind },
                  { key: "cost", head: "Cost", number: true, cell: (node) => duration(node.wall_s) },
                ]}
              />
            )}
          </div>
        )}
      </Loaded>
    </Card>
  );
}

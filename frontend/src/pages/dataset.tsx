/** One version of a dataset: its columns with small histograms, and the runs that read it. */
import type { ColumnProfile, DatasetVersion } from "../../generated/api";
import { dataGet } from "../../generated/api";
import { useQuery } from "../api/query";
import { Card, Chip, Empty, IdChip, Loaded, Time } from "../components/basic";
import { Table } from "../components/table";
import { Histogram } from "../charts/bars";
import { Page } from "../shell/page";
import { number } from "../text/format";

const SHOWN = ["missing", "distinct", "min", "mean", "max", "std"];

export function DatasetVersionPage({ name, digest }: { name: string; digest: string }) {
  const query = useQuery(`data-one/${name}/${digest}`, (signal) => dataGet(name, digest, { signal }));
  const data = query.data;
  return (
    <Page
      crumbs={[{ label: "Data", href: "/data" }, { label: name, href: `/data/${encodeURIComponent(name)}` }, { label: digest.slice(0, 12) }]}
      title={name}
      heading={name}
      lead={data && <span class="row wrap"><IdChip id={digest} /><Chip>{data.source_type}</Chip><span class="mono">{data.source}</span></span>}
      actions={data?.content && <a class="button" href={`/lineage?focus=${data.content}`}>Lineage</a>}
    >
      <Loaded query={query}>{(answer) => <Content data={answer} />}</Loaded>
    </Page>
  );
}

function Content({ data }: { data: DatasetVersion }) {
  const has = (name: string) => data.columns.some((column) => column.statistics[name] !== undefined);
  return (
    <div class="stack loose">
      {Object.keys(data.figures).length > 0 && (
        <dl class="figures">{Object.entries(data.figures).map(([name, value]) => <div class="figure" key={name}><dt>{name.replaceAll("_", " ")}</dt><dd>{number(value)}</dd></div>)}</dl>
      )}
      <Card title="Columns" count={data.columns.length} flush>
        <Table
          label="Columns"
          rows={data.columns}
          rowKey={(column, index) => column.name + index}
          columns={[
            { key: "name", head: "Column", rowHead: true, cell: (column) => <>{column.name} {column.role === "target" && <Chip kind="accent">target</Chip>}</> },
            { key: "type", head: "Type", cell: (column) => <span class="mono">{column.type}{column.shape.length ? ` [${column.shape.join(" × ")}]` : ""}{column.nullable === false ? " not null" : ""}</span> },
            ...(data.columns.some((column) => column.histogram.length)
              ? [{ key: "histogram", head: "Distribution", cell: (column: ColumnProfile) => <Histogram bars={column.histogram} label={column.name} /> }]
              : []),
            ...SHOWN.filter(has).map((name) => ({ key: name, head: name, number: true, cell: (column: ColumnProfile) => number(column.statistics[name]) })),
          ]}
          empty={<Empty icon="data" title="No schema was logged for it" />}
        />
      </Card>
      <Card title="Runs that read it" count={data.runs.length} flush>
        <Table
          label="Runs that read it"
          rows={data.runs}
          rowKey={(run) => run.run_id + run.context}
          columns={[
            { key: "run", head: "Run", rowHead: true, cell: (run) => <a href={`/runs/${run.run_id}`}>{run.run_name}</a> },
            { key: "context", head: "As", cell: (run) => (run.context ? <Chip>{run.context}</Chip> : "–") },
            { key: "started", head: "Started", cell: (run) => <Time ms={run.started_ms} /> },
          ]}
          empty={<Empty icon="terminal" title="No active run" />}
        />
      </Card>
      {data.profile_text && <details><summary class="small">As logged</summary><pre class="block" tabIndex={0}>{data.profile_text}</pre></details>}
    </div>
  );
}

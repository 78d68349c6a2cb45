import { dataList, dataVersions } from "../../generated/api";
import { useQuery } from "../api/query";
import { Chip, Empty, Loaded, Time } from "../components/basic";
import { SearchField } from "../components/search";
import { Table } from "../components/table";
import { useQueryPart } from "../router";
import { Page } from "../shell/page";
import { number } from "../text/format";

export function Datasets() {
  const [text, setText] = useQueryPart("q");
  const query = useQuery(`data/${text}`, (signal) => dataList({ text, limit: 1000 }, { signal }));
  return (
    <Page crumbs={[{ label: "Data" }]} title="Data" heading="Data" lead="What runs read, by name and digest of its content.">
      <div class="toolbar"><SearchField label="Filter datasets" placeholder="Part of a name" value={text} onChange={setText} /></div>
      <Loaded query={query}>
        {(answer) => (
          <Table
            label="Datasets"
            rows={answer.rows}
            rowKey={(row) => row.name}
            columns={[
              { key: "name", head: "Name", rowHead: true, cell: (row) => <a href={`/data/${encodeURIComponent(row.name)}`}>{row.name}</a> },
              { key: "versions", head: "Versions", number: true, cell: (row) => number(row.versions) },
              { key: "latest", head: "Latest", cell: (row) => <a class="mono" href={`/data/${encodeURIComponent(row.name)}/${encodeURIComponent(row.latest)}`}>{row.latest.slice(0, 12)}</a> },
              { key: "source", head: "Kind", cell: (row) => <Chip>{row.source_type}</Chip> },
              { key: "runs", head: "Runs", number: true, cell: (row) => number(row.runs) },
              { key: "used", head: "Last used", cell: (row) => <Time ms={row.last_used_ms} /> },
            ]}
            empty={<div class="card"><Empty icon="data" title={text ? "No dataset matches" : "No datasets yet"} command="clew demo">A run that logs what it reads puts it here: autologging does, and so does <code>run.log_input</code>.</Empty></div>}
          />
        )}
      </Loaded>
    </Page>
  );
}

export function Dataset({ name }: { name: string }) {
  const query = useQuery(`data-one/${name}`, (signal) => dataVersions(name, { signal }));
  return (
    <Page crumbs={[{ label: "Data", href: "/data" }, { label: name }]} title={name} heading={name} lead="Its versions, last used first.">
      <Loaded query={query}>
        {(answer) => (
          <Table
            label="Versions"
            rows={answer.versions}
            rowKey={(row) => row.digest}
            columns={[
              { key: "digest", head: "Digest", rowHead: true, cell: (row) => <a class="mono" href={`/data/${encodeURIComponent(name)}/${encodeURIComponent(row.digest)}`}>{row.digest}</a> },
              { key: "rows", head: "Rows", number: true, cell: (row) => number(row.rows) },
              { key: "columns", head: "Columns", number: true, cell: (row) => number(row.columns) },
              { key: "source", head: "Source", cell: (row) => <span title={row.source}><Chip>{row.source_type}</Chip> <span class="soft mono">{row.source}</span></span> },
              { key: "runs", head: "Runs", number: true, cell: (row) => number(row.runs) },
              { key: "first", head: "First used", cell: (row) => <Time ms={row.first_used_ms} /> },
              { key: "last", head: "Last used", cell: (row) => <Time ms={row.last_used_ms} /> },
            ]}
          />
        )}
      </Loaded>
    </Page>
  );
}

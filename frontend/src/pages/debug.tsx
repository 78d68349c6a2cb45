/** The report on a version: scores of all parts, where it is wrong, and what is wrong with its data. */
import type { Report, ReportCell, ReportPlot, ReportTable } from "../../generated/api";
import { reportsGet } from "../../generated/api";
import { useQuery } from "../api/query";
import { Scatter } from "../charts/scatter";
import { Card, Chip, Command, IdChip, Loaded } from "../components/basic";
import { Table } from "../components/table";
import { Tabs } from "../components/tabs";
import { useQueryPart } from "../router";
import { Page } from "../shell/page";
import { when } from "../text/format";

/** Which tables belong together; what is named nowhere stands with the scores. */
const WRONG = ["Worst slices", "Explanation", "Confusion matrix", "Labels that are probably wrong"];
const ABOUT = ["Shift", "Cost", "Thread"];

export function Debug({ name, version }: { name: string; version: string }) {
  const [node, choose] = useQueryPart("report");
  const query = useQuery(`reports/${name}/${version}/${node}`, (signal) => reportsGet(name, Number(version), { node }, { signal }));
  const home = `/models/${encodeURIComponent(name)}`;
  const rows = query.data?.rows ?? [];
  return (
    <Page
      crumbs={[{ label: "Models", href: "/models" }, { label: name, href: home }, { label: `v${version}`, href: `${home}/${version}` }, { label: "Debug" }]}
      title={`${name} v${version}: debug`}
      heading={`Debug ${name} v${version}`}
      actions={rows.length > 1 && (
        <select aria-label="Report" value={node || rows[0]!.node} onChange={(event) => choose(event.currentTarget.value)}>
          {rows.map((row) => <option key={row.node} value={row.node}>{when(row.created_ms)}: {row.findings} findings</option>)}
        </select>
      )}
    >
      <Loaded query={query}>
        {(found) => found.shown ? <Content report={found.shown} /> : (
          <div class="empty">
            <p>Nobody has reported on this version yet.</p>
            <Command text={`clew debug ${name}/${version}`} />
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function Content({ report }: { report: Report }) {
  const named = (titles: string[]) => report.tables.filter((one) => titles.includes(one.title));
  const scores = report.tables.filter((one) => ![...WRONG, ...ABOUT].includes(one.title));
  const curves = report.plots.filter((plot) => plot.is_curve);
  const views = report.plots.filter((plot) => !plot.is_curve);
  return (
    <div class="stack loose">
      <span class="row wrap">
        <Chip>{report.task}</Chip>
        <Chip>judged on {report.judged}</Chip>
        {report.against && <Chip kind="accent">against {report.against}</Chip>}
        <IdChip id={report.node} shown={report.node.slice(0, 12)} />
      </span>
      <Tabs
        tabs={[
          { id: "scores", label: "Scores", content: () => <Tables tables={scores} /> },
          { id: "wrong", label: "Where it is wrong", content: () => <div class="stack loose"><Tables tables={named(WRONG)} /><Cells cells={report.cells} /></div> },
          ...(curves.length ? [{ id: "curves", label: "Curves", content: () => <Plots plots={curves} what="point" /> }] : []),
          ...(views.length ? [{ id: "views", label: "Views", content: () => <Plots plots={views} what="row" /> }] : []),
          { id: "about", label: "Data and cost", content: () => <Tables tables={named(ABOUT)} /> },
        ]}
      />
    </div>
  );
}

function Tables({ tables }: { tables: ReportTable[] }) {
  return (
    <div class="stack loose">
      {tables.map((table) => (
        <Card key={table.title} title={table.title} flush>
          {table.note && <p class="soft small" style={{ padding: "10px 14px 0" }}>{table.note}</p>}
          <Table
            label={table.title}
            rows={table.rows}
            rowKey={(_, index) => String(index)}
            columns={table.columns.map((head, at) => ({ key: String(at), head, rowHead: at === 0, cell: (row: string[]) => row[at] }))}
            empty={<p class="soft small" style={{ padding: "14px" }}>Nothing.</p>}
          />
        </Card>
      ))}
    </div>
  );
}

/** Wrong answers: each cell of the confusion matrix opens its rows. */
function Cells({ cells }: { cells: ReportCell[] }) {
  if (!cells.length) return null;
  return (
    <Card title="Rows of wrong answers">
      <div class="stack tight">
        {cells.map((cell) => (
          <details key={`${cell.truth} ${cell.answer}`}>
            <summary>{cell.truth}, answered {cell.answer}: {cell.count} rows</summary>
            <p class="mono small">{cell.rows.join(", ")}{cell.count > cell.rows.length ? " …" : ""}</p>
          </details>
        ))}
      </div>
    </Card>
  );
}

function Plots({ plots, what }: { plots: ReportPlot[]; what: string }) {
  return (
    <div class="grid two">
      {plots.map((plot) => (
        <Card key={plot.title} title={plot.title}>
          <Scatter
            what={what}
            xName={plot.across}
            yName={plot.up}
            {...(what === "row" ? { colourName: "error" } : {})}
            points={plot.points.map((point, at) => ({
              id: String(at),
              label: point.row ? `row ${point.row}` : `${point.x}, ${point.y}`,
              x: point.x,
              y: point.y,
              ...(what === "row" ? { colour: point.error } : { front: true }),
            }))}
          />
        </Card>
      ))}
    </div>
  );
}

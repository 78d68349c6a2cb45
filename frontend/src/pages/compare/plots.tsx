/** Parallel coordinates and scatter plots over the params and metrics of the runs. */
import type { Comparison } from "../../../generated/api";
import { Card, Empty } from "../../components/basic";
import { Coordinates } from "../../charts/coordinates";
import { Scatter } from "../../charts/scatter";
import { navigate, setQuery, usePlace } from "../../router";

interface Column {
  name: string;
  values: (number | string | null)[];
}

function columnsOf(answer: Comparison): Column[] {
  const params = answer.params.filter((row) => row.differs).map((row) => ({ name: row.key, values: row.values }));
  const metrics = answer.metrics.map((row) => ({ name: `metrics.${row.key}`, values: row.values }));
  return [...params, ...metrics];
}

export function ParallelTab({ answer }: { answer: Comparison }) {
  const columns = columnsOf(answer).map((column) => ({ ...column, label: plain(column.name), result: column.name.startsWith("metrics.") }));
  return <Coordinates columns={columns} rows={answer.runs.map((run) => ({ id: run.id, label: run.name }))} onPick={(id) => navigate(`/runs/${id}`)} />;
}

function plain(name: string): string {
  return name.replace(/^metrics\./, "");
}

export function ScatterTab({ answer }: { answer: Comparison }) {
  const { query } = usePlace();
  const columns = columnsOf(answer);
  const metrics = columns.filter((column) => column.name.startsWith("metrics."));
  const x = columns.find((column) => column.name === query.get("xs")) ?? columns[0];
  const y = columns.find((column) => column.name === query.get("ys")) ?? metrics[0] ?? columns[1] ?? columns[0];
  const colour = columns.find((column) => column.name === query.get("colour"));
  if (!x || !y) return <div class="card"><Empty icon="chart" title="These runs hold nothing that differs" /></div>;
  return (
    <Card
      title="Scatter"
      end={
        <>
          <Choice label="Across" name="xs" columns={columns} value={x.name} />
          <Choice label="Up" name="ys" columns={columns} value={y.name} />
          <Choice label="Colour" name="colour" columns={columns} value={colour?.name ?? ""} none />
        </>
      }
    >
      <Scatter
        points={answer.runs.map((run, index) => ({ id: run.id, label: run.name, x: x.values[index], y: y.values[index], colour: colour?.values[index] }))}
        xName={plain(x.name)}
        yName={plain(y.name)}
        {...(colour ? { colourName: colour.name } : {})}
        onPick={(id) => navigate(`/runs/${id}`)}
      />
    </Card>
  );
}

function Choice({ label, name, columns, value, none = false }: { label: string; name: string; columns: Column[]; value: string; none?: boolean }) {
  return (
    <label class="labelled">{label}
      <select class="field" value={value} onChange={(event) => setQuery({ [name]: event.currentTarget.value || null })} style={{ maxWidth: "170px" }}>
        {none && <option value="">none</option>}
        {columns.map((column) => <option key={column.name} value={column.name}>{plain(column.name)}</option>)}
      </select>
    </label>
  );
}

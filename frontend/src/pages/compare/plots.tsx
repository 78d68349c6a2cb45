/** Parallel coordinates and scatter plots over the params and metrics of the runs. */
import type { Comparison } from "../../../generated/api";
import { Card, Empty } from "../../components/basic";
import { Parallel } from "../../charts/parallel";
import { Scatter } from "../../charts/scatter";
import { navigate, setQuery, usePlace } from "../../router";
import { joined, parted } from "../runs/columns";

const MOST_AXES = 12;

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
  const { query } = usePlace();
  const columns = columnsOf(answer);
  const asked = parted(query.get("axes") ?? "");
  const shown = asked.length ? columns.filter((column) => asked.includes(column.name)) : defaults(columns);
  const colour = query.get("colour") ?? shown.findLast((column) => column.name.startsWith("metrics."))?.name ?? shown[0]?.name;
  if (!shown.length) return <div class="card"><Empty icon="compare" title="These runs hold nothing that differs" /></div>;
  const toggle = (name: string) => {
    const names = shown.map((column) => column.name);
    setQuery({ axes: joined(names.includes(name) ? names.filter((one) => one !== name) : [...names, name]) });
  };
  return (
    <Card
      title="Parallel coordinates"
      end={<Choice label="Colour" name="colour" columns={columns} value={colour ?? ""} />}
    >
      <Parallel
        columns={shown.map((column) => column.name.replace(/^metrics\./, ""))}
        rows={answer.runs.map((run, index) => ({ id: run.id, label: run.name, values: shown.map((column) => column.values[index]) }))}
        colourBy={Math.max(0, shown.findIndex((column) => column.name === colour))}
        onPick={(id) => navigate(`/runs/${id}`)}
      />
      <fieldset class="row wrap" style={{ border: 0, padding: 0, margin: "10px 0 0" }}>
        <legend class="visually-hidden">Axes</legend>
        {columns.slice(0, 60).map((column) => (
          <label class="check small" key={column.name}><input type="checkbox" checked={shown.includes(column)} onChange={() => toggle(column.name)} />{column.name.replace(/^metrics\./, "")}</label>
        ))}
      </fieldset>
    </Card>
  );
}

function defaults(columns: Column[]): Column[] {
  const metrics = columns.filter((column) => column.name.startsWith("metrics.")).slice(0, 3);
  return [...columns.filter((column) => !column.name.startsWith("metrics.")).slice(0, MOST_AXES - metrics.length), ...metrics];
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
        xName={x.name.replace(/^metrics\./, "")}
        yName={y.name.replace(/^metrics\./, "")}
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
        {columns.map((column) => <option key={column.name} value={column.name}>{column.name.replace(/^metrics\./, "")}</option>)}
      </select>
    </label>
  );
}

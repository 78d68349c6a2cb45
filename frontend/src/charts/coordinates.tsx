/** Parallel coordinates with a choice of axes and colour, which stand in the URL. */
import { Card, Empty } from "../components/basic";
import { joined, parted } from "../pages/runs/columns";
import { setQuery, usePlace } from "../router";
import type { Value } from "./axes";
import { Parallel } from "./parallel";

const MOST_AXES = 12;
const MOST_OFFERED = 60;

export interface Coordinate {
  name: string;
  label: string;
  values: Value[];
  /** A result rather than a choice: it gives the colour. */
  result: boolean;
}

export function Coordinates({ columns, rows, what = "run", note, onPick }: {
  columns: Coordinate[];
  rows: { id: string; label: string }[];
  what?: string;
  note?: string | undefined;
  onPick?: (id: string) => void;
}) {
  const { query } = usePlace();
  const asked = parted(query.get("axes") ?? "");
  const shown = asked.length ? columns.filter((column) => asked.includes(column.name)) : defaults(columns);
  if (!shown.length) return <div class="card"><Empty icon="compare" title={`These ${what}s hold nothing that differs`} /></div>;
  const colour = query.get("colour") ?? shown.findLast((column) => column.result)?.name ?? shown[0]!.name;
  const toggle = (name: string) => {
    const names = shown.map((column) => column.name);
    setQuery({ axes: joined(names.includes(name) ? names.filter((one) => one !== name) : [...names, name]) });
  };
  return (
    <Card
      title="Parallel coordinates"
      end={
        <label class="labelled">Colour
          <select class="field" value={colour} onChange={(event) => setQuery({ colour: event.currentTarget.value })} style={{ maxWidth: "200px" }}>
            {shown.map((column) => <option key={column.name} value={column.name}>{column.label}</option>)}
          </select>
        </label>
      }
    >
      <Parallel
        columns={shown.map((column) => column.label)}
        rows={rows.map((row, index) => ({ ...row, values: shown.map((column) => column.values[index]) }))}
        colourBy={Math.max(0, shown.findIndex((column) => column.name === colour))}
        what={what}
        {...(onPick ? { onPick } : {})}
      />
      {note && <p class="small soft">{note}</p>}
      <fieldset class="row wrap" style={{ border: 0, padding: 0, margin: "10px 0 0" }}>
        <legend class="visually-hidden">Axes</legend>
        {columns.slice(0, MOST_OFFERED).map((column) => (
          <label class="check small" key={column.name}><input type="checkbox" checked={shown.includes(column)} onChange={() => toggle(column.name)} />{column.label}</label>
        ))}
      </fieldset>
    </Card>
  );
}

function defaults(columns: Coordinate[]): Coordinate[] {
  const results = columns.filter((column) => column.result).slice(0, 3);
  return [...columns.filter((column) => !column.result).slice(0, MOST_AXES - results.length), ...results];
}

/** Parallel coordinates: one line per run over chosen columns; drag along an axis to filter. */
import { useRef, useState } from "preact/hooks";
import { useTheme } from "../theme";
import { axis, marks, position, ramp, type Value } from "./axes";
import { useWidth } from "./width";

export interface ParallelRow {
  id: string;
  label: string;
  values: Value[];
}

const TOP = 34;
const BOTTOM = 14;

export function Parallel({ columns, rows, colourBy, height = 340, what = "run", onPick }: {
  columns: string[];
  rows: ParallelRow[];
  /** Position in `columns`. */
  colourBy: number;
  height?: number;
  what?: string;
  onPick?: (id: string) => void;
}) {
  const { dark } = useTheme();
  const [place, width] = useWidth<HTMLDivElement>();
  const [ranges, setRanges] = useState<Record<string, [number, number]>>({});
  const dragging = useRef<{ name: string; from: number } | null>(null);
  const svg = useRef<SVGSVGElement>(null);
  const axes = columns.map((name, index) => axis(name, rows.map((row) => row.values[index])));
  const side = 70;
  const x = (index: number) => side + (columns.length > 1 ? (index * (width - 2 * side)) / (columns.length - 1) : (width - 2 * side) / 2);
  const y = (at: number) => height - BOTTOM - at * (height - TOP - BOTTOM);
  const back = (pixels: number) => Math.max(0, Math.min(1, (height - BOTTOM - pixels) / (height - TOP - BOTTOM)));
  const inside = (row: ParallelRow) =>
    axes.every((on, index) => {
      const range = ranges[on.name];
      if (!range) return true;
      const at = position(on, row.values[index]);
      return at !== null && at >= range[0] && at <= range[1];
    });
  const pointer = (event: PointerEvent) => event.clientY - svg.current!.getBoundingClientRect().top;
  const moved = (event: PointerEvent) => {
    const drag = dragging.current;
    if (!drag) return;
    const [a, b] = [drag.from, back(pointer(event))];
    setRanges({ ...ranges, [drag.name]: [Math.min(a, b), Math.max(a, b)] });
  };
  const ended = () => {
    const drag = dragging.current;
    dragging.current = null;
    const range = drag && ranges[drag.name];
    if (drag && range && range[1] - range[0] < 0.01) {
      const { [drag.name]: _gone, ...rest } = ranges;
      setRanges(rest);
    }
  };
  const kept = rows.filter(inside);
  return (
    <div ref={place}>
      <svg
        ref={svg}
        class="svg-chart parallel"
        width={width}
        height={height}
        role="img"
        aria-label={`Parallel coordinates of ${rows.length} ${what}s over ${columns.join(", ")}; ${kept.length} within the chosen ranges`}
        onPointerMove={moved}
        onPointerUp={ended}
      >
        {rows.map((row) => {
          const at = axes.map((on, index) => position(on, row.values[index]));
          let path = "";
          at.forEach((value, index) => {
            if (value !== null) path += `${path && at[index - 1] !== null ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
          });
          const shown = inside(row);
          return (
            <path key={row.id} d={path} class={shown ? "" : "dim"} style={{ stroke: shown ? ramp(at[colourBy] ?? null, dark) : "var(--line-strong)" }} onClick={() => onPick?.(row.id)}>
              <title>{row.label}</title>
            </path>
          );
        })}
        {axes.map((on, index) => (
          <g key={on.name} transform={`translate(${x(index)} 0)`}>
            <line class="axis" y1={TOP} y2={height - BOTTOM} />
            <text y="16" text-anchor="middle" style={{ fontWeight: 600, fill: "var(--text)" }}>{short(on.name)}<title>{on.name}</title></text>
            {marks(on).map((mark) => <text key={mark.text} x="-7" y={y(mark.at) + 4} text-anchor="end">{short(mark.text, 10)}</text>)}
            {ranges[on.name] && <rect class="handle" x="-6" width="12" y={y(ranges[on.name]![1])} height={Math.max(2, y(ranges[on.name]![0]) - y(ranges[on.name]![1]))} />}
            <rect
              x="-14"
              width="28"
              y={TOP}
              height={height - TOP - BOTTOM}
              fill="transparent"
              style={{ cursor: "ns-resize" }}
              onPointerDown={(event) => {
                dragging.current = { name: on.name, from: back(pointer(event)) };
                svg.current?.setPointerCapture(event.pointerId);
              }}
            />
          </g>
        ))}
      </svg>
      <p class="small soft">{Object.keys(ranges).length ? `${kept.length} of ${rows.length} ${what}s within the ranges. ` : ""}Drag along an axis to choose a range; click an axis to clear it.</p>
    </div>
  );
}

function short(text: string, most = 20): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

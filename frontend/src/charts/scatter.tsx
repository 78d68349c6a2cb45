/** A scatter plot of runs: one column against another, coloured by a third. */
import { useTheme } from "../theme";
import { axis, marks, position, ramp, type Value } from "./axes";
import { useWidth } from "./width";

export interface Point {
  id: string;
  label: string;
  x: Value;
  y: Value;
  colour?: Value;
  /** It stands on a front, whose points are joined in their order. */
  front?: boolean;
}

export function Scatter({ points, xName, yName, colourName, height = 320, what = "run", onPick }: {
  points: Point[];
  xName: string;
  yName: string;
  colourName?: string;
  height?: number;
  what?: string;
  onPick?: (id: string) => void;
}) {
  const { dark } = useTheme();
  const [place, width] = useWidth<HTMLDivElement>();
  const across = axis(xName, points.map((point) => point.x));
  const up = axis(yName, points.map((point) => point.y));
  const third = colourName ? axis(colourName, points.map((point) => point.colour)) : null;
  const box = { left: 62, right: 18, top: 14, bottom: 40 };
  const x = (at: number) => box.left + 6 + at * (width - box.left - box.right - 12);
  const y = (at: number) => height - box.bottom - 6 - at * (height - box.top - box.bottom - 12);
  const drawn = points.flatMap((point) => {
    const [a, b] = [position(across, point.x), position(up, point.y)];
    return a === null || b === null ? [] : [{ ...point, a, b }];
  });
  const fronted = drawn.filter((point) => point.front);
  return (
    <div ref={place}>
      <svg class="svg-chart" width={width} height={height} role="img" aria-label={`${yName} against ${xName}, ${drawn.length} ${what}s`}>
        {marks(up).map((mark) => (
          <g key={mark.text}>
            <line class="gridline" x1={box.left} x2={width - box.right} y1={y(mark.at)} y2={y(mark.at)} />
            <text x={box.left - 8} y={y(mark.at) + 4} text-anchor="end">{mark.text.slice(0, 9)}</text>
          </g>
        ))}
        {marks(across).map((mark) => <text key={mark.text} x={x(mark.at)} y={height - box.bottom + 16} text-anchor="middle">{mark.text.slice(0, 14)}</text>)}
        <line class="axis" x1={box.left} x2={width - box.right} y1={height - box.bottom} y2={height - box.bottom} />
        <text x={(box.left + width) / 2} y={height - 4} text-anchor="middle" style={{ fontWeight: 600 }}>{xName}</text>
        <text x={4} y={10} style={{ fontWeight: 600 }}>{yName}</text>
        {fronted.length > 1 && <polyline points={fronted.map((point) => `${x(point.a)},${y(point.b)}`).join(" ")} style={{ fill: "none", stroke: "var(--accent)", strokeWidth: 1.5 }} />}
        {drawn.map((point) => (
          <circle
            key={point.id}
            cx={x(point.a)}
            cy={y(point.b)}
            r={drawn.length > 300 ? 3 : 5}
            style={{ fill: third ? ramp(position(third, point.colour), dark) : point.front || !fronted.length ? "var(--accent)" : "var(--series-10)", fillOpacity: fronted.length && !point.front ? 0.45 : 0.8, cursor: onPick ? "pointer" : "default" }}
            onClick={() => onPick?.(point.id)}
          >
            <title>{`${point.label}\n${xName}: ${point.x}\n${yName}: ${point.y}`}</title>
          </circle>
        ))}
      </svg>
    </div>
  );
}

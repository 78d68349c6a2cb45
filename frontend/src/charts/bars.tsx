/** Bars: of a histogram, of named shares, of days. */
import type { Bar } from "../../generated/api";
import { number } from "../text/format";

export function Histogram({ bars, label, width = 132, height = 34 }: { bars: Bar[]; label: string; width?: number; height?: number }) {
  if (!bars.length) return <span class="faint">–</span>;
  const most = Math.max(...bars.map((bar) => bar.count), 1);
  const each = width / bars.length;
  const total = bars.reduce((sum, bar) => sum + bar.count, 0);
  return (
    <svg class="histogram" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${label}: ${bars.slice(0, 6).map((bar) => `${bar.label} ${number(bar.count)}`).join(", ")}`}>
      {bars.map((bar, index) => {
        const size = bar.count ? Math.max(1.5, (bar.count / most) * (height - 1)) : 0;
        return (
          <rect key={index} x={index * each + 0.5} y={height - size} width={Math.max(1, each - 1)} height={size} rx="1">
            <title>{`${bar.label}: ${number(bar.count)} (${number((100 * bar.count) / (total || 1), 3)} %)`}</title>
          </rect>
        );
      })}
    </svg>
  );
}

/** Named shares, each in two parts: `value`, of which `inner` is drawn stronger. */
export function NamedBars({ rows, most }: { rows: { name: string; value: number; inner?: number; text: string }[]; most?: number }) {
  const top = most ?? Math.max(...rows.map((row) => row.value), 1e-12);
  const wide = (value: number) => `${Math.max(0, Math.min(100, (100 * value) / top))}%`;
  return (
    <div class="hbars" role="list">
      {rows.map((row) => (
        <div key={row.name} role="listitem" style={{ display: "contents" }}>
          <span class="clip mono" title={row.name}>{row.name}</span>
          <span class="bar-track">
            <span class={`bar-fill ${row.inner === undefined ? "" : "faint"}`} style={{ width: wide(row.value) }} />
            {row.inner !== undefined && <span class="bar-fill" style={{ width: wide(row.inner) }} />}
          </span>
          <span class="number soft">{row.text}</span>
        </div>
      ))}
    </div>
  );
}

/** Days side by side, each a stack of two. */
export function StackedDays({ days, label, height = 96 }: {
  days: { day: string; low: number; high: number; text: string }[];
  label: string;
  height?: number;
}) {
  const most = Math.max(...days.map((day) => day.low + day.high), 1e-9);
  const width = 100 / Math.max(days.length, 14);
  return (
    <svg class="svg-chart" width="100%" height={height} role="img" aria-label={label}>
      {days.map((day, index) => {
        const low = (day.low / most) * (height - 4);
        const high = (day.high / most) * (height - 4);
        const x = `${index * width + width * 0.12}%`;
        const wide = `${width * 0.76}%`;
        return (
          <g key={day.day}>
            <title>{`${day.day}: ${day.text}`}</title>
            <rect x={x} width={wide} y={height - low} height={low} style={{ fill: "var(--computed)" }} rx="2" />
            <rect x={x} width={wide} y={height - low - high - (low && high ? 2 : 0)} height={high} style={{ fill: "var(--reused)" }} rx="2" />
          </g>
        );
      })}
    </svg>
  );
}

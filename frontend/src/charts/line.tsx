/** A line chart (uPlot), with a readout under the cursor; cursors of one group move together. */
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { number } from "../text/format";
import { colour, useTheme } from "../theme";
import { aligned, type Band, type Line } from "./series";

export interface LineChartProps {
  label: string;
  lines: Line[];
  band?: Band & { label: string; colour: string };
  height?: number;
  xTime?: boolean;
  xLabel?: string;
  logY?: boolean;
  group?: string;
}

interface Readout {
  left: number;
  right: boolean;
  x: string;
  rows: { label: string; colour: string; value: string }[];
}

const SHOWN = 12;
/** More lines than this would be a heap of dots. */
const FEW = 6;

export function LineChart({ label, lines, band, height = 190, xTime = false, xLabel = "step", logY = false, group }: LineChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const [readout, setReadout] = useState<Readout | null>(null);
  const { dark } = useTheme();

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const bands = band ? [{ xs: band.xs, ys: band.low }, { xs: band.xs, ys: band.high }, { xs: band.xs, ys: band.mean }] : [];
    const drawn = lines.map((line) => (logY ? { ...line, ys: line.ys.map((y) => (y !== null && y > 0 ? y : null)) } : line));
    const data = aligned([...bands, ...drawn]) as uPlot.AlignedData;
    const few = data[0].length <= 60 && lines.length <= FEW;
    const offset = bands.length;
    const series: uPlot.Series[] = [{}];
    if (band) {
      const faint = { stroke: "transparent", points: { show: false }, spanGaps: true };
      series.push(faint, faint, { label: band.label, stroke: band.colour, width: 2.4, spanGaps: true, points: { show: false } });
    }
    for (const line of drawn) {
      series.push({
        label: line.label,
        stroke: line.colour,
        width: band || line.faint ? 1 : 1.6,
        alpha: band || line.faint ? 0.45 : 1,
        spanGaps: true,
        points: { show: line.points || line.dots || (few && !band), size: line.points ? 5 : 4, fill: line.colour },
        ...(line.points ? { paths: () => null } : {}),
      });
    }
    const axis = {
      stroke: colour("--chart-axis"),
      grid: { stroke: colour("--chart-grid"), width: 1 },
      ticks: { show: false },
      font: "11px ui-sans-serif, system-ui, sans-serif",
    };
    const moved = (plot: uPlot) => {
      const { idx, left } = plot.cursor;
      if (idx === null || idx === undefined || left === undefined || left < 0) {
        setReadout(null);
        return;
      }
      const rows = [];
      for (let index = band ? 3 : 1; index < plot.series.length; index += 1) {
        const found = nearest(data, index, idx);
        const line = index <= offset ? band! : drawn[index - 1 - offset]!;
        if (found !== null) rows.push({ label: line.label, colour: line.colour, value: number(found) });
      }
      const x = data[0][idx]!;
      setReadout({ left, right: left > element.clientWidth / 2, x: xTime ? new Date(x * 1000).toLocaleString() : `${xLabel} ${number(x)}`, rows });
    };
    const options: uPlot.Options = {
      width: element.clientWidth || 320,
      height,
      legend: { show: false },
      padding: [8, 10, 0, 0],
      scales: { x: { time: xTime }, y: logY ? { distr: 3 } : { range: (_plot, low, high) => around(low, high) } },
      axes: [
        { ...axis, size: 26, space: 56 },
        { ...axis, size: 52, gap: 4, space: 28, values: (_plot, marks) => marks.map((mark) => (mark === null ? "" : number(mark, 3))) },
      ],
      series,
      bands: band ? [{ series: [2, 1], fill: withAlpha(band.colour) }] : [],
      cursor: { y: false, points: { size: 6 }, drag: { x: true, y: false }, ...(group ? { sync: { key: group } } : {}) },
      hooks: { setCursor: [moved] },
    };
    const plot = new uPlot(options, data, element);
    const observer = new ResizeObserver(() => {
      if (element.clientWidth) plot.setSize({ width: element.clientWidth, height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [lines, band, height, xTime, logY, dark, group]);

  return (
    <div class="chart" role="img" aria-label={described(label, lines, band)} style={{ minHeight: `${height}px` }} onPointerLeave={() => setReadout(null)}>
      <div ref={place} />
      {readout && readout.rows.length > 0 && (
        <div class="readout" style={readout.right ? { left: "60px" } : { right: "12px" }}>
          <div class="faint">{readout.x}</div>
          {readout.rows.slice(0, SHOWN).map((row) => (
            <div key={row.label}><i class="swatch" style={{ color: row.colour }} /><span class="clip">{row.label}</span><b>{row.value}</b></div>
          ))}
          {readout.rows.length > SHOWN && <div class="faint">and {readout.rows.length - SHOWN} more</div>}
        </div>
      )}
    </div>
  );
}

/** The value at a position, or the nearest one within a few positions: lines have gaps. */
function nearest(data: uPlot.AlignedData, series: number, at: number): number | null {
  const column = data[series]!;
  for (let away = 0; away < 40; away += 1) {
    for (const index of [at - away, at + away]) {
      const value = column[index];
      if (value !== null && value !== undefined) return value;
    }
  }
  return null;
}

function around(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const room = high > low ? (high - low) * 0.06 : Math.abs(high) * 0.1 || 1;
  return [low - room, high + room];
}

function withAlpha(css: string): string {
  return /^#[0-9a-f]{6}$/i.test(css) ? `${css}2e` : css;
}

function described(label: string, lines: Line[], band?: { label: string }): string {
  const last = lines.slice(0, 5).map((line) => {
    const value = line.ys.findLast((y) => y !== null);
    return `${line.label}: ${line.ys.length} points, last ${number(value)}`;
  });
  return `${label}. ${band ? `${band.label}, mean and spread. ` : ""}${last.join("; ")}${lines.length > 5 ? `; and ${lines.length - 5} more` : ""}`;
}

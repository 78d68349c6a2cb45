/** One metric of several runs as a chart; it asks when it comes into view, and follows live runs. */
import { useCallback, useMemo } from "preact/hooks";
import type { Histories, Series } from "../../../generated/api";
import { runsMetrics } from "../../../generated/api";
import { useLive, type LiveEvent } from "../../api/live";
import { useQuery } from "../../api/query";
import { Failure, Skeleton } from "../../components/basic";
import { WhenVisible } from "../../components/visible";
import { NamedBars } from "../../charts/bars";
import { colourName, type Line, meanAndSpread, smoothed } from "../../charts/series";
import { LineChart } from "../../charts/line";
import { usePlace } from "../../router";
import { colour, useTheme } from "../../theme";
import { number, plural } from "../../text/format";

const HEIGHT = 190;

export interface HistoryProps {
  metric: string;
  runs: { id: string; name: string }[];
  /** Mean and spread over the runs. */
  mean?: boolean;
}

export function History(props: HistoryProps) {
  return (
    <section class="chart-card" aria-label={props.metric}>
      <WhenVisible height={HEIGHT + 24}>{() => <Chart {...props} />}</WhenVisible>
    </section>
  );
}

function Chart({ metric, runs, mean = false }: HistoryProps) {
  const { query } = usePlace();
  const { dark } = useTheme();
  const [x, log, smooth] = [query.get("x") ?? "step", query.get("log") === "1", Number(query.get("smooth") ?? 0)];
  const ids = runs.map((run) => run.id);
  const first = ids[0] ?? "";
  const history = useQuery(ids.length ? `history/${first}/${ids.join(",")}/${metric}/${x}` : null, (signal) =>
    runsMetrics({ run: ids.slice(0, 500), key: [metric], points: runs.length > 20 ? 200 : 600, x: x === "step" ? "step" : "time" }, { signal }));
  const heard = useCallback((event: LiveEvent) => {
    if (event.type === "metrics" && event.run_id !== first && ids.includes(event.run_id)) setTimeout(history.reload, 1500);
  }, [ids.join(",")]);
  useLive(heard);
  const drawing = useMemo(() => drawn(history.data, runs, { x, smooth, mean }), [history.data, x, smooth, mean, dark]);
  if (history.error && !history.data) return <Failure error={history.error} retry={history.reload} />;
  const series = history.data?.series ?? [];
  const only = series.length === 1 ? series[0]! : null;
  const gaps = series.reduce((sum, one) => sum + one.gaps.length, 0);
  const single = mean ? null : singles(series, runs);
  return (
    <>
      <div class="chart-title">
        <span class="clip" title={metric}>{metric}</span>
        {only && <span class="latest">{number(only.values.at(-1))}</span>}
        {!only && history.data && <span class="latest">{plural(series.length, "run")}</span>}
      </div>
      {history.loading
        ? <Skeleton height={HEIGHT} />
        : single
        ? <div style={{ maxHeight: `${HEIGHT}px`, overflow: "auto" }} tabIndex={0} role="region" aria-label={`${metric} of each run`}><NamedBars rows={single} /></div>
        : <LineChart label={metric} height={HEIGHT} xTime={x === "time"} xLabel={x === "relative" ? "s" : "step"} logY={log} group="metrics" {...drawing} />}
      {gaps > 0 && <p class="small" style={{ color: "var(--running)" }}>{plural(gaps, "point is", "points are")} NaN or infinite</p>}
    </>
  );
}

/** One value a run is a bar, not a line; null where there is more, or nothing that bars can show. */
function singles(series: Series[], runs: HistoryProps["runs"]) {
  if (series.length < 2 || series.some((one) => one.values.length !== 1)) return null;
  const rows = series.map((one) => ({
    name: runs.find((run) => run.id === one.run_id)?.name ?? one.run_id,
    value: Number(one.values[0]),
    text: number(one.values[0]),
  }));
  return rows.every((row) => row.value >= 0 && Number.isFinite(row.value)) ? rows : null;
}

function drawn(data: Histories | undefined, runs: HistoryProps["runs"], how: { x: string; smooth: number; mean: boolean }) {
  const lines: Line[] = (data?.series ?? []).map((series) => {
    const index = Math.max(0, runs.findIndex((run) => run.id === series.run_id));
    return {
      label: runs[index]?.name ?? series.run_id,
      colour: colour(how.mean ? "--series-10" : colourName(index)),
      xs: axisOf(series, how.x),
      ys: smoothed(series.values, how.smooth),
    };
  });
  if (!how.mean || lines.length < 2) return { lines };
  return { lines, band: { ...meanAndSpread(lines), label: `mean of ${lines.length}`, colour: colour("--series-1") } };
}

function axisOf(series: Series, x: string): number[] {
  if (x === "time") return series.times_ms.map((ms) => ms / 1000);
  if (x === "relative") return series.times_ms.map((ms) => (ms - (series.times_ms[0] ?? 0)) / 1000);
  return series.steps;
}

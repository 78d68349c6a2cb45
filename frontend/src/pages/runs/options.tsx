/** How charts are drawn: axis, scale, smoothing; in the URL. */
import { setQuery, usePlace } from "../../router";

export function ChartOptions() {
  const { query } = usePlace();
  const smooth = query.get("smooth") ?? "0";
  return (
    <div class="row wrap">
      <label class="labelled">Against
        <select class="field" value={query.get("x") ?? "step"} onChange={(event) => setQuery({ x: event.currentTarget.value === "step" ? null : event.currentTarget.value })}>
          <option value="step">step</option><option value="time">time</option><option value="relative">seconds since start</option>
        </select>
      </label>
      <label class="labelled">Smoothing
        <input type="range" min="0" max="0.98" step="0.02" value={smooth} onInput={(event) => setQuery({ smooth: Number(event.currentTarget.value) ? event.currentTarget.value : null })} style={{ width: "90px" }} />
      </label>
      <label class="check"><input type="checkbox" checked={query.get("log") === "1"} onChange={(event) => setQuery({ log: event.currentTarget.checked ? "1" : null })} />log</label>
    </div>
  );
}

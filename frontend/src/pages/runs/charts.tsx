/** Charts above the table: metrics of the selected runs, or of the first ones. */
import type { ColumnInfo, RunRow } from "../../../generated/api";
import { setQuery, usePlace } from "../../router";
import { parted, joined } from "./columns";
import { History } from "./history";
import { ChartOptions } from "./options";

const MOST_RUNS = 20;

export function RunCharts({ catalogue, rows }: { catalogue: ColumnInfo[]; rows: RunRow[] }) {
  const { query } = usePlace();
  const metrics = catalogue.filter((info) => info.kind === "metrics").map((info) => info.key);
  const asked = query.get("charts") ?? "1";
  const chosen = asked === "1" ? metrics.slice(0, 3) : parted(asked);
  const runs = rows.slice(0, MOST_RUNS);
  return (
    <div class="stack tight" style={{ marginBottom: "12px" }}>
      <div class="row wrap small soft">
        <label class="labelled">Add a chart
          <select class="field" value="" onChange={(event) => event.currentTarget.value && setQuery({ charts: joined([...new Set([...chosen, event.currentTarget.value])]) })}>
            <option value="">metric…</option>
            {metrics.filter((key) => !chosen.includes(key)).slice(0, 500).map((key) => <option key={key} value={key}>{key}</option>)}
          </select>
        </label>
        <ChartOptions />
        <span>{rows.length > MOST_RUNS ? `The first ${MOST_RUNS} runs; select some to see others.` : ""}</span>
      </div>
      <div class="grid charts" style={{ maxHeight: "38vh", overflow: "auto" }}>
        {chosen.map((key) => <History key={key + runs.map((run) => run.id).join()} metric={key} runs={runs} />)}
      </div>
    </div>
  );
}

import type { Comparison } from "../../../generated/api";
import { Empty } from "../../components/basic";
import { SearchField } from "../../components/search";
import { useQueryPart } from "../../router";
import { History } from "../runs/history";
import { ChartOptions } from "../runs/options";

/** Each metric as a chart with a line per run, or with their mean and spread. */
export function OverlayTab({ answer }: { answer: Comparison }) {
  const [text, setText] = useQueryPart("q");
  const [mean, setMean] = useQueryPart("mean");
  const keys = answer.metrics.map((row) => row.key).filter((key) => key.toLowerCase().includes(text.toLowerCase()));
  const runs = answer.runs.map((run) => ({ id: run.id, name: run.name }));
  if (!answer.metrics.length) return <div class="card"><Empty icon="chart" title="None of these runs logged a metric" /></div>;
  return (
    <div class="stack">
      <div class="toolbar" style={{ margin: 0 }}>
        <SearchField label="Filter metrics" placeholder="Part of a name" value={text} onChange={setText} />
        <ChartOptions />
        <label class="check"><input type="checkbox" checked={!!mean} onChange={(event) => setMean(event.currentTarget.checked ? "1" : "")} />mean and spread</label>
      </div>
      <div class="grid charts">{keys.map((key) => <History key={key + mean} metric={key} runs={runs} mean={!!mean} />)}</div>
    </div>
  );
}

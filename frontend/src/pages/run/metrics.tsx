/** Metrics by prefix: each prefix a section, each metric a chart that loads when it is seen. */
import type { RunDetail } from "../../../generated/api";
import { Empty } from "../../components/basic";
import { SearchField } from "../../components/search";
import { useQueryPart } from "../../router";
import { duration, number, seconds } from "../../text/format";
import { History } from "../runs/history";
import { ChartOptions } from "../runs/options";
import { byPrefix } from "./prefix";

export function MetricsTab({ run }: { run: RunDetail }) {
  const [text, setText] = useQueryPart("q");
  if (!run.metrics.length) {
    return <div class="card"><Empty icon="chart" title="No metrics yet">In a step or a run: <code>clew.log_metric("loss", 0.3, step=1)</code></Empty></div>;
  }
  const words = text.toLowerCase();
  const wanted = run.metrics.filter((metric) => metric.key.toLowerCase().includes(words));
  const histories = wanted.filter((metric) => metric.count > 1);
  const singles = wanted.filter((metric) => metric.count <= 1);
  const runs = [{ id: run.id, name: run.name }];
  return (
    <div class="stack loose">
      <div class="toolbar" style={{ margin: 0 }}>
        <SearchField label="Filter metrics" placeholder="Part of a name" value={text} onChange={setText} />
        <ChartOptions />
        {run.status === "running" && <span class="soft small">running for {duration(seconds(run))}</span>}
      </div>
      {singles.length > 0 && (
        <dl class="figures">
          {singles.slice(0, 400).map((metric) => <div class="figure" key={metric.key}><dt class="clip" title={metric.key}>{metric.key}</dt><dd>{number(metric.value, 5)}</dd></div>)}
        </dl>
      )}
      {byPrefix(histories).map(([prefix, group]) => (
        <details open key={prefix}>
          <summary><h2 style={{ display: "inline" }}>{prefix || "No prefix"} <span class="count">{group.length}</span></h2></summary>
          <div class="grid charts" style={{ marginTop: "10px" }}>
            {group.map((metric) => <History key={metric.key} metric={metric.key} runs={runs} />)}
          </div>
        </details>
      ))}
      {!wanted.length && <div class="card"><Empty icon="search" title="No metric has this in its name" /></div>}
    </div>
  );
}

import type { MetricSummary, RunDetail } from "../../../generated/api";
import { runsChange, runsTag } from "../../../generated/api";
import { invalidate } from "../../api/query";
import { Card, Chip, Command, Empty } from "../../components/basic";
import { Note } from "../../components/note";
import { Table } from "../../components/table";
import { Tags } from "../../components/tags";
import { attempt } from "../../components/toast";
import { number, when } from "../../text/format";
import { RunsCard } from "../home";

export function OverviewTab({ run }: { run: RunDetail }) {
  const params = Object.entries(run.params).sort(([a], [b]) => a.localeCompare(b));
  return (
    <div class="stack loose">
      {run.error && <div class="notice bad" role="alert"><pre style={{ whiteSpace: "pre-wrap" }}>{run.error}</pre></div>}
      <div class="grid main-side">
        <div class="stack loose">
          <div class="grid two figures-first">
            <Card title="Metrics" count={run.metrics.length} flush><MetricsTable metrics={run.metrics} /></Card>
            <Card title="Params" count={params.length} flush>
              <Table
                label="Params"
                rows={params}
                rowKey={([key]) => key}
                columns={[
                  { key: "key", head: "Param", rowHead: true, cell: ([key]) => <span class="mono">{key}</span> },
                  { key: "value", head: "Value", cell: ([, value]) => <span class="mono" title={value}>{value}</span> },
                ]}
                empty={<p class="soft small" style={{ padding: "14px" }}>None logged.</p>}
              />
            </Card>
          </div>
          <Note
            text={run.note}
            save={async (text) => {
              const done = await attempt(runsChange(run.id, { note: text }), "Saved");
              invalidate(`run/${run.id}`, "runs");
              return done;
            }}
          />
          {run.children.length > 0 && <RunsCard title="Nested runs" rows={run.children} />}
          {!params.length && !run.metrics.length && (
            <div class="card"><Empty icon="terminal" title="Nothing logged yet">In a step or a run: <code>clew.log_metric("auc", 0.91)</code>, <code>clew.log_params(…)</code></Empty></div>
          )}
        </div>
        <div class="stack loose">
          {run.rebuild && (
            <Card title="Rebuild it">
              <div class="stack tight">
                <p class="small soft">Executes the thread again and compares every value, bit for bit.</p>
                <Command text={run.rebuild} />
              </div>
            </Card>
          )}
          <Card title="About">
            <dl class="pairs">
              <dt>Started</dt><dd>{when(run.started_ms)}</dd>
              <dt>Ended</dt><dd>{run.ended_ms ? when(run.ended_ms) : run.status === "running" ? "not yet" : "–"}</dd>
              <dt>Experiment</dt><dd><a href={`/e/${run.experiment_id}`}>{run.experiment_name}</a></dd>
              {run.parent && <><dt>Nested in</dt><dd><a href={`/runs/${run.parent.id}`}>{run.parent.name}</a></dd></>}
              {run.environment.source && <><dt>Source</dt><dd class="mono">{run.environment.source}</dd></>}
              {run.environment.git?.commit && (
                <><dt>Git</dt><dd class="mono">{run.environment.git.commit.slice(0, 10)}{run.environment.git.branch ? ` (${run.environment.git.branch})` : ""}{run.environment.git.dirty ? ", with changes" : ""}</dd></>
              )}
              {run.artifact_uri && <><dt>Artifacts</dt><dd class="mono">{run.artifact_uri}</dd></>}
            </dl>
          </Card>
          {(run.datasets.length > 0 || run.model_inputs.length > 0) && (
            <Card title="Inputs">
              <ul class="stack tight">
                {run.datasets.map(({ dataset, tags }) => (
                  <li class="row" key={dataset.name + dataset.digest}>
                    <a class="clip grow" href={`/data/${encodeURIComponent(dataset.name)}/${encodeURIComponent(dataset.digest)}`}>{dataset.name} <span class="faint mono">{dataset.digest.slice(0, 8)}</span></a>
                    {tags?.["mlflow.data.context"] && <Chip>{tags["mlflow.data.context"]}</Chip>}
                  </li>
                ))}
                {run.model_inputs.map((link) => <li key={link.model_id} class="mono">{link.model_id}</li>)}
              </ul>
            </Card>
          )}
          {run.model_outputs.length > 0 && (
            <Card title="Models made">
              <ul class="stack tight">{run.model_outputs.map((link) => <li key={link.model_id}><a class="mono" href={`/lineage?focus=${link.model_id}`}>{link.model_id}</a></li>)}</ul>
            </Card>
          )}
          <Tags
            tags={run.tags}
            change={async (body) => {
              await attempt(runsTag(run.id, body), "Saved");
              invalidate(`run/${run.id}`, "runs");
            }}
          />
        </div>
      </div>
    </div>
  );
}

export function MetricsTable({ metrics }: { metrics: MetricSummary[] }) {
  const histories = metrics.some((metric) => metric.count > 1);
  return (
    <Table
      label="Metrics"
      rows={metrics}
      rowKey={(metric) => metric.key + metric.dataset_name + metric.model_id}
      columns={[
        { key: "key", head: "Metric", rowHead: true, cell: (metric) => <span class="mono" title={metric.key}>{metric.key}</span> },
        { key: "value", head: "Last", number: true, cell: (metric) => number(metric.value, 5) },
        ...(histories
          ? [
            { key: "min", head: "Min", number: true, cell: (metric: MetricSummary) => (metric.count > 1 ? number(metric.min) : "") },
            { key: "max", head: "Max", number: true, cell: (metric: MetricSummary) => (metric.count > 1 ? number(metric.max) : "") },
            { key: "step", head: "Step", number: true, cell: (metric: MetricSummary) => number(metric.step) },
          ]
          : []),
      ]}
      empty={<p class="soft small" style={{ padding: "14px" }}>None logged.</p>}
    />
  );
}

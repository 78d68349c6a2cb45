/** One prediction and its thread: request → version → study → features → the rows it is made of. */
import type { ComponentChildren } from "preact";
import type { PredictionDetail } from "../../generated/api";
import { predictionsGet } from "../../generated/api";
import { useQuery } from "../api/query";
import { Card, Chip, Command, IdChip, Loaded, Time } from "../components/basic";
import { Table } from "../components/table";
import { NamedBars } from "../charts/bars";
import { Page } from "../shell/page";
import { number, shortName, when } from "../text/format";
import { ms, percent } from "./deployments";
import { said, Verdict } from "./predictions";

export function Prediction({ id }: { id: string }) {
  const query = useQuery(`prediction/${id}`, (signal) => predictionsGet(id, { signal }));
  const found = query.data?.prediction;
  return (
    <Page
      crumbs={[{ label: "Predictions", href: "/predictions" }, { label: id.slice(-10) }]}
      title="Prediction"
      heading={found ? <>Answered <span class="mono">{said(found.answer)}</span></> : undefined}
      lead={found && <span class="row wrap"><IdChip id={id} /><Time ms={found.time_ms} /><a href={`/deployments/${encodeURIComponent(found.model)}`}>{found.model}</a>{found.confidence !== null && <span>confidence {percent(found.confidence)}</span>}<Verdict row={found} /></span>}
      actions={found && <a class="button" href={`/lineage?focus=${found.content}&up=20`}>Lineage</a>}
    >
      <Loaded query={query}>{(detail) => <Content detail={detail} />}</Loaded>
    </Page>
  );
}

function Content({ detail }: { detail: PredictionDetail }) {
  const { prediction, decision, shadows } = detail;
  return (
    <div class="grid main-side">
      <div class="stack loose">
        <Thread detail={detail} />
        {shadows.length > 0 && (
          <Card title="Answers in the shadow" count={shadows.length} flush>
            <Table label="Answers in the shadow" rows={shadows} rowKey={(one) => one.arm} columns={[
              { key: "arm", head: "Arm", rowHead: true, cell: (one) => one.arm },
              { key: "answer", head: "Answer", cell: (one) => (one.error ? <Chip kind="failed">{one.error}</Chip> : <span class="mono">{said(one.answer)}</span>) },
              { key: "took", head: "Took", number: true, cell: (one) => ms(one.latency_ms) },
            ]} />
          </Card>
        )}
        <Feedback detail={detail} />
      </div>
      <div class="stack loose">
        <Card title="Row" count={Object.keys(prediction.row).length}>
          <dl class="pairs">{Object.entries(prediction.row).map(([name, value]) => <><dt class="mono">{name}</dt><dd class="mono">{said(value)}</dd></>)}</dl>
        </Card>
        {prediction.probabilities && (
          <Card title="Probabilities"><NamedBars rows={prediction.probabilities.map((share, index) => ({ name: `class ${index}`, value: share, text: percent(share) }))} most={1} /></Card>
        )}
        {decision && (
          <Card title="Who answered">
            <dl class="pairs">
              <dt>Policy</dt><dd>{decision.policy}</dd>
              <dt>Asked</dt><dd class="mono">{decision.arms.join(", ")}</dd>
              {Object.entries(decision.chances).map(([arm, chance]) => <><dt class="mono">{arm}</dt><dd>chosen with {percent(chance)}</dd></>)}
              {Object.entries(decision.context).map(([name, value]) => <><dt>{name}</dt><dd class="mono">{said(value)}</dd></>)}
              {Object.entries(decision.votes).map(([arm, vote]) => <><dt>{arm} said</dt><dd class="mono">{said(vote)}</dd></>)}
              {decision.late.length > 0 && <><dt>Late</dt><dd>{decision.late.join(", ")}</dd></>}
              {decision.note && <><dt>Note</dt><dd>{decision.note}</dd></>}
            </dl>
          </Card>
        )}
        <Card title="About">
          <dl class="pairs">
            <dt>Answered</dt><dd>{when(prediction.time_ms)}</dd>
            <dt>Took</dt><dd>{ms(prediction.latency_ms)}, among {number(prediction.batch_rows)} rows</dd>
            <dt>Content</dt><dd><IdChip id={prediction.content} shown={prediction.content.slice(0, 12)} /></dd>
          </dl>
          <div style={{ marginTop: "12px" }}><Command text={`clew predictions ${prediction.id}`} /></div>
        </Card>
      </div>
    </div>
  );
}

/** The way back, station by station. */
function Thread({ detail: { prediction, thread } }: { detail: PredictionDetail }) {
  const { deployment, version } = thread;
  return (
    <Card title="Where it comes from">
      <ol class="thread">
        {deployment && <Station title="Deployment"><a href={`/deployments/${encodeURIComponent(prediction.model)}`}>{prediction.model}</a> as it stood <Time ms={deployment.time_ms} />: {deployment.action.replace("deployment.", "")}{deployment.reason && `, “${deployment.reason}”`}</Station>}
        <Station title="Version">
          {version
            ? <><a href={`/models/${encodeURIComponent(version.name)}/${version.version}`}>{version.name} v{version.version}</a> {version.aliases.map((alias) => <Chip kind="accent" key={alias}>@{alias}</Chip>)}</>
            : <>{prediction.model} {prediction.version}, not registered</>}
        </Station>
        <Station title="Gate">{thread.gate ?? <span class="soft">no verdict: nothing judged this version</span>}</Station>
        {thread.run && <Station title="Run"><a class="mono" href={`/runs/${thread.run}`}>{thread.run}</a></Station>}
        {thread.study && <Station title="Study"><a class="mono" href={`/studies/${thread.study}`}>{thread.study.slice(0, 12)}</a></Station>}
        <Station title="Steps">
          {thread.steps.length
            ? <ul class="stack tight">{thread.steps.map((step) => <li key={step.id}><a href={`/lineage?focus=${step.id}`}>{shortName(step.operation)}</a> <span class="faint small mono">{step.operation}</span></li>)}</ul>
            : <span class="soft">No step in this store made the model: it was fitted outside a step, or elsewhere.</span>}
        </Station>
        {thread.features.length > 0 && <Station title="Features"><span class="mono">{thread.features.join(", ")}</span></Station>}
        {thread.reads.length > 0 && <Station title="Data">{thread.reads.map((read) => <div class="mono" key={read}>{read}</div>)}</Station>}
        {thread.rows.length > 0 && (
          <Station title="Rows">
            {thread.rows.map((one) => (
              <div class="stack tight" key={one.value + one.position}>
                <span>Row {number(one.position)} of <a href={`/lineage?focus=${one.value}`}>{shortName(one.operation) || one.value.slice(0, 12)}</a>, found by {one.found_by}</span>
                <code class="small clip" title={JSON.stringify(one.row)}>{Object.entries(one.row).map(([name, value]) => `${name}=${said(value)}`).join("  ")}</code>
              </div>
            ))}
          </Station>
        )}
      </ol>
    </Card>
  );
}

function Station({ title, children }: { title: string; children: ComponentChildren }) {
  return <li><h3>{title}</h3><div class="small">{children}</div></li>;
}

function Feedback({ detail: { prediction } }: { detail: PredictionDetail }) {
  return (
    <Card title="What came of it" count={prediction.feedback.length} flush>
      <Table
        label="What came of it"
        rows={prediction.feedback}
        rowKey={(one) => one.id}
        columns={[
          { key: "time", head: "When", rowHead: true, cell: (one) => <Time ms={one.time_ms} /> },
          { key: "truth", head: "Truth", cell: (one) => <span class="mono">{one.truth === null ? "–" : said(one.truth)}</span> },
          { key: "reward", head: "Reward", number: true, cell: (one) => number(one.reward) },
          { key: "rewards", head: "To the arms", cell: (one) => Object.entries(one.rewards).map(([arm, reward]) => `${arm} ${number(reward)}`).join(", ") || "–" },
          { key: "note", head: "Note", cell: (one) => one.note || "–" },
        ]}
        empty={<p class="soft small" style={{ padding: "14px" }}>No feedback yet: <code>POST /v2/models/{prediction.model}/feedback</code> with this id tells what turned out.</p>}
      />
    </Card>
  );
}

import type { Home as HomeAnswer, RunRow } from "../../generated/api";
import { homeGet } from "../../generated/api";
import { useQuery } from "../api/query";
import { Card, Chip, Empty, Loaded, Status, Time } from "../components/basic";
import { Table } from "../components/table";
import { StackedDays } from "../charts/bars";
import { useQueryPart } from "../router";
import { Page } from "../shell/page";
import { bytes, duration, number, plural, seconds } from "../text/format";

export function Home() {
  const [days, setDays] = useQueryPart("days", "30");
  const home = useQuery(`home/${days}`, (signal) => homeGet({ days: Number(days) || 30 }, { signal }));
  const chooser = (
    <label class="labelled">
      Reuse over
      <select class="field" value={days} onChange={(event) => setDays(event.currentTarget.value)}>
        <option value="7">7 days</option>
        <option value="30">30 days</option>
        <option value="365">a year</option>
      </select>
    </label>
  );
  return (
    <Page crumbs={[{ label: "Home" }]} title="Home" heading="Home" lead="What runs, what ran, and what nobody had to compute again." actions={chooser}>
      <Loaded query={home} rows={10}>{(answer) => <Content answer={answer} />}</Loaded>
    </Page>
  );
}

function Content({ answer }: { answer: HomeAnswer }) {
  const { reuse, totals } = answer;
  if (!totals.runs && !totals.nodes) {
    return (
      <div class="card">
        <Empty icon="terminal" title="This store is empty" command="clew demo">
          The demo takes a minute: from raw rows to a model, and back again. Or point a client here and log a run.
        </Empty>
      </div>
    );
  }
  const steps = reuse.computed + reuse.reused + reuse.pruned;
  return (
    <div class="stack loose">
      <dl class="figures">
        <Figure label="Saved by reuse" value={duration(reuse.saved_s)} note={`${plural(reuse.reused, "step")} loaded instead of computed`} />
        <Figure label="Computed" value={duration(reuse.computed_s)} note={`${plural(reuse.computed, "step")}${steps ? `, ${number((100 * reuse.computed) / steps, 2)} % of all` : ""}`} />
        <Figure label="Never needed" value={duration(reuse.pruned_s)} note={`${plural(reuse.pruned, "step")} pruned by the plan`} />
        <Figure label="Store" value={bytes(totals.stored_bytes)} note={`${plural(totals.nodes, "node")}, ${plural(totals.values, "value")}`} />
      </dl>
      <div class="grid main-side">
        <div class="stack loose">
          {answer.running.length > 0 && <RunsCard title="Running" rows={answer.running} />}
          <RunsCard title="Recent runs" rows={answer.recent} total={totals.runs} />
        </div>
        <div class="stack loose">
          <Card title="Computed and saved by day">
            {reuse.days.length
              ? (
                <>
                  <StackedDays
                    label="Seconds computed and saved by reuse, by day"
                    days={reuse.days.map((day) => ({
                      day: day.day, low: day.computed_s, high: day.saved_s,
                      text: `${duration(day.computed_s)} computed, ${duration(day.saved_s)} saved`,
                    }))}
                  />
                  <div class="row small soft" style={{ marginTop: "8px" }}>
                    <span><i class="swatch" style={{ color: "var(--computed)" }} />computed</span>
                    <span><i class="swatch" style={{ color: "var(--reused)" }} />saved</span>
                  </div>
                </>
              )
              : <p class="soft small">No flow ran in these days.</p>}
          </Card>
          <Card title="Recent models" end={<a class="small" href="/models">All models</a>}>
            {answer.models.length
              ? (
                <ul class="stack">
                  {answer.models.map((model) => (
                    <li class="row" key={`${model.name}/${model.version}`}>
                      <a class="clip grow" href={`/models/${encodeURIComponent(model.name)}`}>{model.name} <span class="soft">v{model.version}</span></a>
                      {model.aliases.map((alias) => <Chip kind="accent" key={alias}>@{alias}</Chip>)}
                      <span class="faint small"><Time ms={model.created_ms} /></span>
                    </li>
                  ))}
                </ul>
              )
              : <p class="soft small">None registered yet.</p>}
          </Card>
        </div>
      </div>
    </div>
  );
}

function Figure({ label, value, note }: { label: string; value: string; note: string }) {
  return <div class="figure"><dt>{label}</dt><dd>{value}</dd><dd class="note">{note}</dd></div>;
}

export function RunsCard({ title, rows, total }: { title: string; rows: RunRow[]; total?: number }) {
  return (
    <Card title={title} count={total === undefined ? rows.length : number(total)} end={<a class="small" href="/runs">All runs</a>} flush>
      <Table
        label={title}
        rows={rows}
        rowKey={(row) => row.id}
        columns={[
          { key: "name", head: "Run", rowHead: true, cell: (row) => <a href={`/runs/${row.id}`}>{row.name}</a> },
          { key: "status", head: "Status", cell: (row) => <Status status={row.status} /> },
          { key: "experiment", head: "Experiment", cell: (row) => <a href={`/e/${row.experiment_id}`}>{row.experiment_name}</a> },
          { key: "steps", head: "Steps", cell: (row) => <StepBar row={row} short /> },
          { key: "duration", head: "Duration", number: true, cell: (row) => duration(seconds(row)) },
          { key: "started", head: "Started", cell: (row) => <Time ms={row.started_ms} /> },
        ]}
        empty={<Empty icon="terminal" title="No runs yet" command="clew demo" />}
      />
    </Card>
  );
}

/** The decisions of a flow's run as a bar of parts. */
export function StepBar({ row, short = false }: { row: RunRow; short?: boolean }) {
  if (!row.steps) return <span class="faint">–</span>;
  const { computed, reused, pruned, failed } = row.steps;
  const total = computed + reused + pruned + failed || 1;
  const text = `${computed} computed, ${reused} reused, ${pruned} pruned${failed ? `, ${failed} failed` : ""}`;
  return (
    <span class="row" title={text}>
      <span class="bar-track" style={{ width: "64px", flex: "none", display: "flex" }} role="img" aria-label={text}>
        {([["computed", computed], ["reused", reused], ["pruned", pruned], ["failed", failed]] as const).map(([name, count]) => (
          <span key={name} style={{ width: `${(100 * count) / total}%`, background: `var(--${name})` }} />
        ))}
      </span>
      {!short && row.steps.saved_s > 0 && <span class="small soft">saved {duration(row.steps.saved_s)}</span>}
    </span>
  );
}

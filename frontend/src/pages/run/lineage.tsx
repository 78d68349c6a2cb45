/** What a run did about each of its steps, and why; and the steps as a graph. */
import { useState } from "preact/hooks";
import type { RunDetail, StepDetail, WhyStep } from "../../../generated/api";
import { lineageGraph, runsSteps, runsWhy } from "../../../generated/api";
import { useQuery } from "../../api/query";
import { Card, DecisionChip, Empty, Failure, Loaded, Skeleton } from "../../components/basic";
import { Table } from "../../components/table";
import { GraphView } from "../../graph/view";
import { navigate } from "../../router";
import { duration } from "../../text/format";

export function LineageTab({ run }: { run: RunDetail }) {
  const steps = useQuery(`run/${run.id}/steps`, (signal) => runsSteps(run.id, { signal }));
  const [open, setOpen] = useState<string | null>(null);
  return (
    <div class="stack loose">
      <RunGraph run={run} />
      <Loaded query={steps}>
        {(answer) => (
          <Card title="Steps" count={answer.steps.length} flush>
            <Table
              label="Steps"
              rows={answer.steps}
              rowKey={(step) => String(step.seq)}
              columns={[
                {
                  key: "step", head: "Step", rowHead: true,
                  cell: (step) => step.node ? <a href={`/lineage?focus=${step.node}&run=${run.id}`}>{step.step}</a> : step.step,
                },
                { key: "decision", head: "Decision", cell: (step) => <DecisionChip decision={step.decision} /> },
                { key: "reason", head: "Why", cell: (step) => <Reason step={step} open={open === step.step} toggle={() => setOpen(open === step.step ? null : step.step)} /> },
                { key: "wall", head: "Spent", number: true, cell: (step) => duration(step.wall_s) },
                { key: "saved", head: "Saved", number: true, cell: (step) => (step.saved_s > 0 ? duration(step.saved_s) : <span class="faint">–</span>) },
              ]}
              empty={<Empty icon="lineage" title="This run has no steps of its own">A tracked run is one node: its datasets and params go in, its models come out.</Empty>}
            />
          </Card>
        )}
      </Loaded>
      {open && <WhyCard run={run} step={open} />}
    </div>
  );
}

function Reason({ step, open, toggle }: { step: StepDetail; open: boolean; toggle: () => void }) {
  return (
    <span class="row">
      <span class="clip" style={{ maxWidth: "460px" }} title={step.reason}>{step.reason}</span>
      {step.decision === "computed" && <button type="button" class="button plain small" aria-expanded={open} onClick={toggle}>what changed</button>}
    </span>
  );
}

function WhyCard({ run, step }: { run: RunDetail; step: string }) {
  const why = useQuery(`run/${run.id}/why/${step}`, (signal) => runsWhy(run.id, { step }, { signal }));
  return (
    <Card title={`Why ${step}`}>
      <Loaded query={why} rows={2}>{(answer) => <>{answer.steps.map((one) => <Changes why={one} key={one.step} />)}</>}</Loaded>
    </Card>
  );
}

function Changes({ why }: { why: WhyStep }) {
  return (
    <div class="stack">
      <p>{why.text}</p>
      {why.changes.length > 0 && (
        <Table
          label="What changed"
          rows={why.changes}
          rowKey={(change) => change.field}
          columns={[
            { key: "field", head: "What", rowHead: true, cell: (change) => change.field },
            { key: "was", head: "Was", cell: (change) => <code title={change.was}>{change.was}</code> },
            { key: "now", head: "Is", cell: (change) => <code title={change.now}>{change.now}</code> },
          ]}
        />
      )}
      {why.compared && <p class="small soft">Compared with the call that shares most with it: <a class="mono" href={`/lineage?focus=${why.compared}`}>{why.compared.slice(0, 12)}</a></p>}
    </div>
  );
}

function RunGraph({ run }: { run: RunDetail }) {
  const graph = useQuery(`run/${run.id}/graph`, (signal) => lineageGraph({ focus: [run.id], up: 50, down: 0, run: run.id, limit: 2000 }, { signal }));
  if (graph.error) return <Failure error={graph.error} />;
  if (!graph.data) return <Skeleton height={300} />;
  if (graph.data.nodes.length < 2) return null;
  return (
    <Card title="Graph" count={`${graph.data.nodes.length} nodes`} end={<a class="small" href={`/lineage?focus=${run.id}&up=50&run=${run.id}`}>Open in the explorer</a>} flush>
      <div style={{ height: "340px", display: "flex" }}>
        <GraphView graph={graph.data} selected={null} onSelect={(id) => navigate(`/lineage?focus=${id}&run=${run.id}`)} label={`Lineage of ${run.name}`} />
      </div>
    </Card>
  );
}

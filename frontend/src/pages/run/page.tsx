/** One run. */
import { useState } from "preact/hooks";
import type { RunDetail } from "../../../generated/api";
import { runsChange, runsDelete, runsGet, runsRestore } from "../../../generated/api";
import { invalidate, useQuery } from "../../api/query";
import { Button, Chip, DecisionChip, IdChip, Loaded, Status, Time } from "../../components/basic";
import { RenameDialog } from "../../components/dialog";
import { Tabs } from "../../components/tabs";
import { attempt } from "../../components/toast";
import { Page } from "../../shell/page";
import { duration, seconds, shortId } from "../../text/format";
import { ArtifactsTab } from "../artifacts";
import { EnvironmentTab } from "./environment";
import { LineageTab } from "./lineage";
import { MetricsTab } from "./metrics";
import { OverviewTab } from "./overview";

export function RunPage({ id }: { id: string }) {
  const query = useQuery(`run/${id}`, (signal) => runsGet(id, { signal }));
  const run = query.data;
  return (
    <Page
      crumbs={[
        { label: "Experiments", href: "/experiments" },
        ...(run ? [{ label: run.experiment_name, href: `/e/${run.experiment_id}` }] : []),
        { label: run?.name ?? shortId(id) },
      ]}
      title={run?.name ?? "Run"}
      heading={run?.name}
      lead={run && <Lead run={run} />}
      actions={run && <Actions run={run} />}
    >
      <Loaded query={query} rows={10}>{(detail) => <Content run={detail} />}</Loaded>
    </Page>
  );
}

function Lead({ run }: { run: RunDetail }) {
  return (
    <span class="row wrap">
      <Status status={run.status} />
      {run.lifecycle === "deleted" && <Chip kind="failed">deleted</Chip>}
      <IdChip id={run.id} />
      <span><Time ms={run.started_ms} />, {duration(seconds(run))}</span>
      {run.user && <span>by {run.user}</span>}
      {run.flow && <code>{run.flow}</code>}
      {run.steps && (["computed", "reused", "pruned", "failed"] as const).filter((name) => run.steps![name]).map((name) => <DecisionChip key={name} decision={name} count={run.steps![name]} />)}
      {run.steps && run.steps.saved_s > 0 && <span>saved {duration(run.steps.saved_s)}</span>}
    </span>
  );
}

function Actions({ run }: { run: RunDetail }) {
  const [renaming, rename] = useState(false);
  const act = async (what: Promise<unknown>, done: string) => {
    const answer = await attempt(what, done);
    invalidate(`run/${run.id}`, "runs", "home");
    return answer;
  };
  return (
    <>
      <a class="button" href={`/compare?ids=${run.id}`}>Compare</a>
      <Button icon="edit" onClick={() => rename(true)}>Rename</Button>
      {run.status === "running" && <Button onClick={() => void act(runsChange(run.id, { status: "killed" }), "Marked as ended")}>Mark as ended</Button>}
      {run.lifecycle === "deleted"
        ? <Button icon="restore" onClick={() => void act(runsRestore(run.id), "Restored")}>Restore</Button>
        : <Button icon="trash" kind="danger" label="Delete this run" onClick={() => void act(runsDelete(run.id), "Deleted; it can be restored")} />}
      {renaming && <RenameDialog title="Rename the run" name={run.name} close={() => rename(false)} submit={(name) => act(runsChange(run.id, { name }), "Renamed")} />}
    </>
  );
}

function Content({ run }: { run: RunDetail }) {
  return (
    <Tabs
      tabs={[
        { id: "overview", label: "Overview", content: () => <OverviewTab run={run} /> },
        { id: "metrics", label: "Metrics", count: run.metrics.length, content: () => <MetricsTab run={run} /> },
        { id: "artifacts", label: "Artifacts", content: () => <ArtifactsTab owner="run" id={run.id} /> },
        { id: "lineage", label: "Lineage", content: () => <LineageTab run={run} /> },
        { id: "environment", label: "Environment", content: () => <EnvironmentTab run={run} /> },
        { id: "logs", label: "Logs", content: () => <ArtifactsTab owner="run" id={run.id} path="logs" empty="This run captured no output." /> },
      ]}
    />
  );
}

/** One version of a registered model: what it is, what was measured, what was done to it and why. */
import { useState } from "preact/hooks";
import type { Event, VersionDetail } from "../../generated/api";
import { modelsDescribe, modelsGet, modelsTagVersion, modelsVersion } from "../../generated/api";
import { useQuery } from "../api/query";
import { Button, Card, Chip, Command, IdChip, Loaded } from "../components/basic";
import { Note } from "../components/note";
import { Table } from "../components/table";
import { Tabs } from "../components/tabs";
import { Tags } from "../components/tags";
import { attempt } from "../components/toast";
import { navigate } from "../router";
import { Page } from "../shell/page";
import { when } from "../text/format";
import { ArtifactsTab } from "./artifacts";
import { modelChanged } from "./model";
import { MetricsTable } from "./run/overview";
import { Trail } from "./trail";
import { type Doing, VersionDialogs } from "./versions";

export function Version({ name, version }: { name: string; version: string }) {
  const query = useQuery(`model/${name}/${version}`, (signal) => modelsVersion(name, Number(version), { signal }));
  const model = useQuery(`model/${name}`, (signal) => modelsGet(name, { signal }));
  const [doing, act] = useState<Doing["what"] | null>(null);
  const found = query.data;
  const home = `/models/${encodeURIComponent(name)}`;
  return (
    <Page
      crumbs={[{ label: "Models", href: "/models" }, { label: name, href: home }, { label: `v${version}` }]}
      title={`${name} v${version}`}
      heading={`${name} v${version}`}
      lead={found && <span class="row wrap">{found.aliases.map((alias) => <Chip kind="accent" key={alias}>@{alias}</Chip>)}{found.stage !== "None" && <Chip>{found.stage}</Chip>}<span>made {when(found.created_ms)}{found.user ? ` by ${found.user}` : ""}</span></span>}
      actions={found && (
        <>
          <a class="button" href={`/lineage?focus=${encodeURIComponent(`${name}@${version}`)}&up=20`}>Lineage</a>
          <a class="button" href={`${home}/${version}/debug`}>Debug</a>
          <Button onClick={() => act("stage")}>Stage</Button>
          <Button icon="pin" kind="primary" onClick={() => act("promote")}>Promote</Button>
          <Button icon="trash" kind="danger" label="Remove this version" onClick={() => act("remove")} />
        </>
      )}
    >
      <Loaded query={query}>{(answer) => <Content version={answer} events={model.data?.events ?? []} />}</Loaded>
      {doing && found && <VersionDialogs doing={{ what: doing, version: found }} aliases={model.data?.model.aliases ?? {}} close={() => act(null)} removed={() => navigate(`${home}?tab=removed`)} />}
    </Page>
  );
}

function Content({ version, events }: { version: VersionDetail; events: Event[] }) {
  const mine = events.filter((event) => concerns(event, version));
  return (
    <Tabs
      tabs={[
        { id: "overview", label: "Overview", content: () => <Overview version={version} /> },
        ...(version.model_id ? [{ id: "files", label: "Files", content: () => <ArtifactsTab owner="model" id={version.model_id!} /> }] : []),
        { id: "trail", label: "Trail", count: mine.length, content: () => <Trail events={mine} /> },
      ]}
    />
  );
}

/** Whether an event of the model is about this version: its own, or an alias that came or went. */
function concerns(event: Event, { name, version }: VersionDetail): boolean {
  if (event.subject === `version:${name}/${version}`) return true;
  return event.action.startsWith("alias.") && [event.before, event.after].includes(String(version));
}

function Overview({ version }: { version: VersionDetail }) {
  const params = Object.entries(version.params);
  const save = async (what: Promise<unknown>) => {
    const done = await attempt(what, "Saved");
    modelChanged(version.name);
    return done;
  };
  return (
    <div class="grid main-side">
      <div class="stack loose">
        <div class="grid two">
          <Card title="Metrics" count={version.metrics.length} flush><MetricsTable metrics={version.metrics} /></Card>
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
        <Note title="Description" text={version.description} save={(text) => save(modelsDescribe(version.name, version.version, { description: text }))} />
      </div>
      <div class="stack loose">
        <Card title="Use it">
          <div class="stack tight">
            <Command text={`from clew.track import load_model; load_model("models:/${version.name}/${version.version}")`} python />
            <Command text={`clew serve ${version.name}/${version.version}`} />
          </div>
        </Card>
        <Card title="About">
          <dl class="pairs">
            <dt>Status</dt><dd>{version.status}{version.status_message ? `: ${version.status_message}` : ""}</dd>
            <dt>Source</dt><dd class="mono">{version.source || "–"}</dd>
            {version.run_id && <><dt>Run</dt><dd><a href={`/runs/${version.run_id}`}>{version.run_name ?? version.run_id}</a></dd></>}
            {version.content && <><dt>Content</dt><dd><IdChip id={version.content} shown={version.content.slice(0, 12)} /></dd></>}
          </dl>
        </Card>
        <Tags tags={version.tags} change={async (body) => void (await save(modelsTagVersion(version.name, version.version, body)))} />
      </div>
    </div>
  );
}

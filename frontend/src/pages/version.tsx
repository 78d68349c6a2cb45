import type { VersionDetail } from "../../generated/api";
import { modelsDescribe, modelsVersion } from "../../generated/api";
import { invalidate, useQuery } from "../api/query";
import { Card, Chip, Command, IdChip, Loaded } from "../components/basic";
import { Note } from "../components/note";
import { Table } from "../components/table";
import { Tabs } from "../components/tabs";
import { attempt } from "../components/toast";
import { Page } from "../shell/page";
import { when } from "../text/format";
import { ArtifactsTab } from "./artifacts";
import { MetricsTable } from "./run/overview";

export function Version({ name, version }: { name: string; version: string }) {
  const query = useQuery(`model/${name}/${version}`, (signal) => modelsVersion(name, Number(version), { signal }));
  const found = query.data;
  const focus = found && `${name}@${version}`;
  return (
    <Page
      crumbs={[{ label: "Models", href: "/models" }, { label: name, href: `/models/${encodeURIComponent(name)}` }, { label: `v${version}` }]}
      title={`${name} v${version}`}
      heading={`${name} v${version}`}
      lead={found && <span class="row wrap">{found.aliases.map((alias) => <Chip kind="accent" key={alias}>@{alias}</Chip>)}{found.stage !== "None" && <Chip>{found.stage}</Chip>}<span>made {when(found.created_ms)}{found.user ? ` by ${found.user}` : ""}</span></span>}
      actions={focus && <a class="button" href={`/lineage?focus=${encodeURIComponent(focus)}&up=20`}>Lineage</a>}
    >
      <Loaded query={query}>{(answer) => <Content version={answer} />}</Loaded>
    </Page>
  );
}

function Content({ version }: { version: VersionDetail }) {
  const params = Object.entries(version.params);
  const overview = () => (
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
        <Note
          title="Description"
          text={version.description}
          save={async (text) => {
            const done = await attempt(modelsDescribe(version.name, version.version, { description: text }), "Saved");
            invalidate(`model/${version.name}`);
            return done;
          }}
        />
      </div>
      <div class="stack loose">
        <Card title="Use it"><Command text={`clew.load_model("models:/${version.name}/${version.version}")`} python /></Card>
        <Card title="About">
          <dl class="pairs">
            <dt>Status</dt><dd>{version.status}{version.status_message ? `: ${version.status_message}` : ""}</dd>
            <dt>Source</dt><dd class="mono">{version.source || "–"}</dd>
            {version.run_id && <><dt>Run</dt><dd><a href={`/runs/${version.run_id}`}>{version.run_name ?? version.run_id}</a></dd></>}
            {version.content && <><dt>Content</dt><dd><IdChip id={version.content} shown={version.content.slice(0, 12)} /></dd></>}
            {Object.entries(version.tags).map(([key, value]) => <><dt>{key}</dt><dd>{value}</dd></>)}
          </dl>
        </Card>
      </div>
    </div>
  );
  return (
    <Tabs
      tabs={[
        { id: "overview", label: "Overview", content: overview },
        ...(version.model_id ? [{ id: "files", label: "Files", content: () => <ArtifactsTab owner="model" id={version.model_id!} /> }] : []),
      ]}
    />
  );
}

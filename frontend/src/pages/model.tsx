/** A registered model: versions side by side, aliases, promotion with its reason, the trail of changes. */
import { useState } from "preact/hooks";
import type { ModelDetail, Removed, VersionDetail } from "../../generated/api";
import { modelsChange, modelsDelete, modelsGet, modelsRemoved, modelsRestoreVersion, modelsTag, modelsUnalias } from "../../generated/api";
import { invalidate, useQuery } from "../api/query";
import { Button, Card, Chip, Empty, Loaded, Time } from "../components/basic";
import { ReasonDialog, RenameDialog } from "../components/dialog";
import { Icon } from "../components/icon";
import { Note } from "../components/note";
import { Table } from "../components/table";
import { Tabs } from "../components/tabs";
import { Tags } from "../components/tags";
import { attempt } from "../components/toast";
import { navigate } from "../router";
import { Page } from "../shell/page";
import { number, plural } from "../text/format";
import { Trail } from "./trail";
import { type Doing, VersionDialogs } from "./versions";

export function modelChanged(name: string): void {
  invalidate(`model/${name}`, "models", "removed", "home", "audit");
}

export function Model({ name }: { name: string }) {
  const query = useQuery(`model/${name}`, (signal) => modelsGet(name, { signal }));
  const model = query.data?.model;
  return (
    <Page
      crumbs={[{ label: "Models", href: "/models" }, { label: name }]}
      title={name}
      heading={name}
      lead={model && <span class="row wrap"><span>{plural(model.versions, "version")}</span><span>changed <Time ms={model.updated_ms} /></span></span>}
      actions={query.data && <Actions detail={query.data} />}
    >
      <Loaded query={query}>{(answer) => <Content detail={answer} />}</Loaded>
    </Page>
  );
}

function Actions({ detail }: { detail: ModelDetail }) {
  const { name, versions } = detail.model;
  const [doing, act] = useState<"" | "rename" | "delete">("");
  const latest = detail.model.latest_version;
  return (
    <>
      {latest !== null && <a class="button" href={`/lineage?focus=${encodeURIComponent(`${name}@${latest}`)}&up=20`}>Lineage</a>}
      <Button icon="edit" onClick={() => act("rename")}>Rename</Button>
      <Button icon="trash" kind="danger" label="Remove this model" onClick={() => act("delete")} />
      {doing === "rename" && (
        <RenameDialog
          title={`Rename ${name}`}
          name={name}
          close={() => act("")}
          submit={async (next) => {
            const done = await attempt(modelsChange(name, { name: next }), "Renamed");
            if (!done) return;
            modelChanged(name);
            navigate(`/models/${encodeURIComponent(next)}`, { replace: true });
            return done;
          }}
        />
      )}
      {doing === "delete" && (
        <ReasonDialog
          title={`Remove ${name}`}
          action="Remove"
          danger
          close={() => act("")}
          submit={async (reason) => {
            const done = await attempt(modelsDelete(name, { reason }), `Removed ${name}; it can be restored`);
            if (!done) return;
            modelChanged(name);
            navigate("/models?tab=removed");
            return done;
          }}
        >
          <p class="soft">It goes with {plural(versions, "version")} and its aliases. “Removed” on the page of models brings all of it back; what asks for <code>models:/{name}</code> finds nothing until then.</p>
        </ReasonDialog>
      )}
    </>
  );
}

function Content({ detail }: { detail: ModelDetail }) {
  const { model, versions } = detail;
  const [doing, act] = useState<Doing | null>(null);
  const changed = () => modelChanged(model.name);
  const removed = useQuery(`removed/${model.name}`, (signal) => modelsRemoved({ name: model.name }, { signal }));
  const gone = (removed.data?.items ?? []).filter((one) => one.version !== null);
  return (
    <div class="stack loose">
      <Aliases detail={detail} />
      <Tabs
        tabs={[
          { id: "versions", label: "Versions", count: versions.length, content: () => <Versions name={model.name} versions={versions} act={act} /> },
          { id: "trail", label: "Trail", count: detail.events.length, content: () => <Trail events={detail.events} /> },
          {
            id: "about", label: "Description and tags", content: () => (
              <div class="grid main-side">
                <Note title="Description" text={model.description} save={async (text) => { const done = await attempt(modelsChange(model.name, { description: text }), "Saved"); changed(); return done; }} />
                <Tags tags={model.tags} change={async (body) => { await attempt(modelsTag(model.name, body), "Saved"); changed(); }} />
              </div>
            ),
          },
          ...(gone.length ? [{ id: "removed", label: "Removed", count: gone.length, content: () => <RemovedVersions items={gone} /> }] : []),
        ]}
      />
      {doing && <VersionDialogs doing={doing} aliases={model.aliases} close={() => act(null)} />}
    </div>
  );
}

function Aliases({ detail: { model } }: { detail: ModelDetail }) {
  const [leaving, leave] = useState("");
  const aliases = Object.entries(model.aliases);
  return (
    <Card title="Aliases" count={aliases.length}>
      {aliases.length
        ? (
          <ul class="row wrap">
            {aliases.map(([alias, version]) => (
              <li class="chip accent" style={{ height: "28px" }} key={alias}>
                @{alias} → <a href={`/models/${encodeURIComponent(model.name)}/${version}`}>v{version}</a>
                <button type="button" class="button plain icon small" style={{ width: "18px", height: "18px" }} aria-label={`Remove the alias ${alias}`} onClick={() => leave(alias)}><Icon name="close" size={11} /></button>
              </li>
            ))}
          </ul>
        )
        : <p class="soft small">None yet. Promote a version: point an alias such as <code>champion</code> to it. Code asks for <code>models:/{model.name}@champion</code>.</p>}
      {leaving && (
        <ReasonDialog
          title={`Remove the alias @${leaving}`}
          action="Remove"
          danger
          close={() => leave("")}
          submit={async (reason) => {
            const done = await attempt(modelsUnalias(model.name, leaving, { reason }), "Removed");
            modelChanged(model.name);
            return done;
          }}
        />
      )}
    </Card>
  );
}

function Versions({ name, versions, act }: { name: string; versions: VersionDetail[]; act: (doing: Doing) => void }) {
  const keys = [...new Set(versions.flatMap((version) => version.metrics.map((metric) => metric.key)))].slice(0, 5);
  return (
    <Table
      label="Versions"
      rows={versions}
      rowKey={(version) => String(version.version)}
      columns={[
        { key: "version", head: "Version", rowHead: true, cell: (version) => <a href={`/models/${encodeURIComponent(name)}/${version.version}`}>v{version.version}</a> },
        { key: "aliases", head: "Aliases", cell: (version) => <span class="row">{version.aliases.map((alias) => <Chip kind="accent" key={alias}>@{alias}</Chip>)}{version.stage !== "None" && <Chip>{version.stage}</Chip>}</span> },
        ...keys.map((key) => ({
          key, head: key, number: true,
          cell: (version: VersionDetail) => number(version.metrics.find((metric) => metric.key === key)?.value),
        })),
        { key: "run", head: "Run", cell: (version) => (version.run_id ? <a href={`/runs/${version.run_id}`}>{version.run_name ?? version.run_id.slice(-8)}</a> : <span class="faint">–</span>) },
        { key: "description", head: "Description", cell: (version) => <span class="soft" title={version.description}>{version.description.split("\n")[0]}</span> },
        { key: "user", head: "By", cell: (version) => version.user ?? "–" },
        { key: "created", head: "Made", cell: (version) => <Time ms={version.created_ms} /> },
        {
          key: "act", head: <span class="visually-hidden">Actions</span>,
          cell: (version) => (
            <span class="row">
              <Button kind="small" icon="pin" onClick={() => act({ what: "promote", version })}>Promote</Button>
              <Button kind="small plain" onClick={() => act({ what: "stage", version })} label={`Move version ${version.version} to a stage`} icon="right" />
              <Button kind="small plain" icon="trash" label={`Remove version ${version.version}`} onClick={() => act({ what: "remove", version })} />
            </span>
          ),
        },
      ]}
      empty={<div class="card"><Empty icon="models" title="No versions yet" command={`clew models register runs:/RUN/model ${name}`}>Or in Python: <code>clew.log_model(model, "{name}", register="{name}")</code></Empty></div>}
    />
  );
}

function RemovedVersions({ items }: { items: Removed[] }) {
  return (
    <Table
      label="Removed versions"
      rows={items}
      rowKey={(one) => String(one.version)}
      columns={[
        { key: "version", head: "Version", rowHead: true, cell: (one) => `v${one.version}` },
        { key: "time", head: "Removed", cell: (one) => <Time ms={one.time_ms} /> },
        { key: "actor", head: "By", cell: (one) => one.actor || "–" },
        { key: "reason", head: "Why", cell: (one) => one.reason ?? "–" },
        {
          key: "act", head: <span class="visually-hidden">Actions</span>,
          cell: (one) => <Button kind="small" icon="restore" onClick={async () => { await attempt(modelsRestoreVersion(one.name, one.version!, {}), `Restored v${one.version}`); modelChanged(one.name); }}>Restore</Button>,
        },
      ]}
    />
  );
}

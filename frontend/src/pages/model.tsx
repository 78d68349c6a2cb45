/** A registered model: versions side by side, aliases, promotion with its reason, the trail of changes. */
import { useState } from "preact/hooks";
import type { ModelDetail, VersionDetail } from "../../generated/api";
import { modelsChange, modelsGet, modelsPromote, modelsUnalias } from "../../generated/api";
import { invalidate, useQuery } from "../api/query";
import { Button, Card, Chip, Empty, Loaded, Time } from "../components/basic";
import { FormDialog } from "../components/dialog";
import { Icon } from "../components/icon";
import { Note } from "../components/note";
import { Table } from "../components/table";
import { Tabs } from "../components/tabs";
import { attempt } from "../components/toast";
import { Page } from "../shell/page";
import { number } from "../text/format";
import { Trail } from "./trail";

export function Model({ name }: { name: string }) {
  const query = useQuery(`model/${name}`, (signal) => modelsGet(name, { signal }));
  return (
    <Page crumbs={[{ label: "Models", href: "/models" }, { label: name }]} title={name} heading={name}>
      <Loaded query={query}>{(answer) => <Content detail={answer} />}</Loaded>
    </Page>
  );
}

function Content({ detail }: { detail: ModelDetail }) {
  const { model, versions } = detail;
  const [promoting, promote] = useState<{ version: number; alias: string } | null>(null);
  const changed = () => invalidate(`model/${model.name}`, "models", "home");
  const aliases = Object.entries(model.aliases);
  return (
    <div class="stack loose">
      <Card title="Aliases" count={aliases.length}>
        {aliases.length
          ? (
            <ul class="row wrap">
              {aliases.map(([alias, version]) => (
                <li class="chip accent" style={{ height: "28px" }} key={alias}>
                  @{alias} → <a href={`/models/${encodeURIComponent(model.name)}/${version}`}>v{version}</a>
                  <button type="button" class="button plain icon small" style={{ width: "18px", height: "18px" }} aria-label={`Remove the alias ${alias}`} onClick={async () => { await attempt(modelsUnalias(model.name, alias), "Removed"); changed(); }}><Icon name="close" size={11} /></button>
                </li>
              ))}
            </ul>
          )
          : <p class="soft small">None yet. Promote a version: point an alias such as <code>champion</code> to it. Code asks for <code>models:/{model.name}@champion</code>.</p>}
      </Card>
      <Tabs
        tabs={[
          { id: "versions", label: "Versions", count: versions.length, content: () => <Versions name={model.name} versions={versions} promote={(version) => promote({ version, alias: "champion" })} /> },
          { id: "trail", label: "Trail", count: detail.events.length, content: () => <Trail events={detail.events} /> },
          {
            id: "about", label: "Description", content: () => (
              <Note title="Description" text={model.description} save={async (text) => { const done = await attempt(modelsChange(model.name, { description: text }), "Saved"); changed(); return done; }} />
            ),
          },
        ]}
      />
      {promoting && (
        <FormDialog
          title={`Promote ${model.name} v${promoting.version}`}
          action="Promote"
          close={() => promote(null)}
          submit={async (values) => {
            const alias = String(values.get("alias")).trim();
            await attempt(modelsPromote(model.name, alias, { version: promoting.version, reason: String(values.get("reason")), expected: model.aliases[alias] ?? 0 }), `@${alias} is v${promoting.version} now`);
            changed();
          }}
        >
          <label class="stack tight">Alias<input class="field" name="alias" defaultValue={promoting.alias} required list="aliases" /></label>
          <datalist id="aliases">{aliases.map(([alias]) => <option key={alias} value={alias} />)}</datalist>
          <label class="stack tight">Why (it stands in the trail)<textarea class="field" name="reason" rows={3} /></label>
        </FormDialog>
      )}
    </div>
  );
}

function Versions({ name, versions, promote }: { name: string; versions: VersionDetail[]; promote: (version: number) => void }) {
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
        { key: "user", head: "By", cell: (version) => version.user ?? "–" },
        { key: "created", head: "Made", cell: (version) => <Time ms={version.created_ms} /> },
        { key: "act", head: <span class="visually-hidden">Actions</span>, cell: (version) => <Button kind="small" icon="pin" onClick={() => promote(version.version)}>Promote</Button> },
      ]}
      empty={<div class="card"><Empty icon="models" title="No versions yet">In Python: <code>clew.log_model(model, "{name}", register="{name}")</code></Empty></div>}
    />
  );
}

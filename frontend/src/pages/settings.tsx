/** The store, the server, tokens, the audit trail, saved views, and how this browser shows it all. */
import { useState } from "preact/hooks";
import type { MadeToken, NewToken } from "../../generated/api";
import { auditList, sessionLogout, settingsGet, tokensCreate, tokensList, tokensRevoke, viewsDelete, viewsList } from "../../generated/api";
import { invalidate, useQuery } from "../api/query";
import { Button, Card, Chip, Command, copy, Empty, Loaded, Time } from "../components/basic";
import { Dialog, FormDialog } from "../components/dialog";
import { Table } from "../components/table";
import { Tabs } from "../components/tabs";
import { attempt } from "../components/toast";
import { linkOf } from "../components/views";
import { Page } from "../shell/page";
import { setTheme, type Theme, useTheme } from "../theme";
import { bytes, number, when } from "../text/format";
import { Trail } from "./trail";

export function SettingsPage() {
  return (
    <Page crumbs={[{ label: "Settings" }]} title="Settings" heading="Settings">
      <Tabs
        tabs={[
          { id: "general", label: "Store and server", content: () => <General /> },
          { id: "tokens", label: "Tokens", content: () => <TokensTab /> },
          { id: "trail", label: "Trail", content: () => <AuditTab /> },
          { id: "views", label: "Saved views", content: () => <ViewsTab /> },
          { id: "appearance", label: "Appearance", content: () => <Appearance /> },
        ]}
      />
    </Page>
  );
}

function General() {
  const query = useQuery("settings", (signal) => settingsGet({ signal }));
  return (
    <Loaded query={query}>
      {({ store, server }) => (
        <div class="grid two">
          <Card title="Store">
            <dl class="pairs">
              <dt>Where</dt><dd class="mono">{store.location}</dd>
              <dt>Kind</dt><dd>{store.kind}, schema {store.schema_version}</dd>
              <dt>Database</dt><dd>{bytes(store.database_bytes)}</dd>
              <dt>Values</dt><dd>{number(store.values)}, {bytes(store.values_bytes)}{store.budget_bytes ? ` of ${bytes(store.budget_bytes)}` : ""}</dd>
              <dt>Free</dt><dd>{bytes(store.free_bytes)}</dd>
              <dt>Durability</dt><dd>{store.durability}</dd>
              <dt>Trusted</dt><dd>{store.trusted ? "yes: pickles in it are read" : "no: pickles in it are not read"}</dd>
            </dl>
          </Card>
          <Card title="Server">
            <dl class="pairs">
              <dt>Version</dt><dd>clew {server.version}, Python {server.python}</dd>
              <dt>Since</dt><dd>{when(server.started_ms)}, process {server.pid}</dd>
              <dt>Memory</dt><dd>{bytes(server.memory_bytes)}</dd>
              <dt>Tokens</dt><dd>{server.needs_token ? "demanded" : "not needed on this machine"}</dd>
              {server.mlflow_version && <><dt>Speaks</dt><dd>MLflow {server.mlflow_version}</dd></>}
            </dl>
            <div class="stack" style={{ marginTop: "14px" }}>
              <p class="small soft">Point a client here:</p>
              <Command text={`export MLFLOW_TRACKING_URI=${server.tracking_uri}`} />
            </div>
          </Card>
        </div>
      )}
    </Loaded>
  );
}

const SCOPES = [["read", "look"], ["log", "log runs and models"], ["promote", "change the registry"], ["admin", "everything, tokens too"]] as const;

function TokensTab() {
  const query = useQuery("tokens", (signal) => tokensList({ signal }));
  const [adding, add] = useState(false);
  const [made, show] = useState<MadeToken | null>(null);
  return (
    <div class="stack">
      <div class="row spread"><p class="soft">A server that listens beyond this machine demands one. Only hashes are stored.</p><Button icon="plus" kind="primary" onClick={() => add(true)}>New token</Button></div>
      <Loaded query={query}>
        {(answer) => (
          <Table
            label="Tokens"
            rows={answer.items}
            rowKey={(token) => token.id}
            columns={[
              { key: "name", head: "Name", rowHead: true, cell: (token) => token.name },
              { key: "id", head: "Begins", cell: (token) => <span class="mono">{token.id}</span> },
              { key: "scopes", head: "May", cell: (token) => <span class="row">{token.scopes.map((scope) => <Chip key={scope}>{scope}</Chip>)}</span> },
              { key: "created", head: "Made", cell: (token) => <><Time ms={token.created_ms} /> {token.created_by && <span class="soft">by {token.created_by}</span>}</> },
              { key: "used", head: "Last used", cell: (token) => <Time ms={token.last_used_ms} /> },
              { key: "ends", head: "Ends", cell: (token) => (token.revoked_ms ? <Chip kind="failed">revoked</Chip> : token.expires_ms ? when(token.expires_ms) : "never") },
              {
                key: "act", head: <span class="visually-hidden">Actions</span>,
                cell: (token) => !token.revoked_ms && <Button kind="small danger" onClick={async () => { await attempt(tokensRevoke(token.id), "Revoked"); invalidate("tokens"); }}>Revoke</Button>,
              },
            ]}
            empty={<div class="card"><Empty icon="settings" title="No tokens" command="clew token create NAME" /></div>}
          />
        )}
      </Loaded>
      {adding && (
        <FormDialog
          title="New token"
          action="Make"
          close={() => add(false)}
          submit={async (values) => {
            const days = Number(values.get("days"));
            const body = { name: String(values.get("name")).trim(), scopes: values.getAll("scope"), ...(days ? { expires_days: days } : {}) } as NewToken;
            const answer = await attempt(tokensCreate(body), "");
            if (answer) show(answer);
            invalidate("tokens");
            return answer;
          }}
        >
          <label class="stack tight">Who or what will use it<input class="field" name="name" required autofocus /></label>
          <fieldset class="stack tight" style={{ border: 0, padding: 0, margin: 0 }}>
            <legend class="small soft">It may</legend>
            {SCOPES.map(([scope, text]) => <label class="check" key={scope}><input type="checkbox" name="scope" value={scope} defaultChecked={scope === "read" || scope === "log"} />{text}</label>)}
          </fieldset>
          <label class="stack tight">Ends after days (nothing: never)<input class="field" type="number" name="days" min="1" max="36500" /></label>
        </FormDialog>
      )}
      {made && (
        <Dialog title="The new token" close={() => show(null)}>
          <div class="body">
            <h2>{made.token.name}</h2>
            <p>This is shown once. Copy it now.</p>
            <Command text={`export MLFLOW_TRACKING_TOKEN=${made.secret}`} />
            <footer><Button kind="primary" onClick={() => show(null)}>Done</Button></footer>
          </div>
        </Dialog>
      )}
    </div>
  );
}

function AuditTab() {
  const query = useQuery("audit", (signal) => auditList({ limit: 500 }, { signal }));
  return <Loaded query={query}>{(answer) => <Trail events={answer.items} />}</Loaded>;
}

function ViewsTab() {
  const query = useQuery("views", (signal) => viewsList({ signal }));
  return (
    <Loaded query={query}>
      {(answer) => (
        <Table
          label="Saved views"
          rows={answer.items}
          rowKey={(view) => view.id}
          columns={[
            { key: "name", head: "Name", rowHead: true, cell: (view) => <a href={view.location}>{view.name}</a> },
            { key: "location", head: "Address", cell: (view) => <span class="mono soft" title={view.location}>{view.location}</span> },
            { key: "created", head: "Saved", cell: (view) => <><Time ms={view.created_ms} /> {view.created_by && <span class="soft">by {view.created_by}</span>}</> },
            { key: "link", head: "Link", cell: (view) => <Button kind="small plain" icon="link" label={`Copy the link of ${view.name}`} onClick={() => void copy(linkOf(view.id), "Copied the link of this view")} /> },
            { key: "act", head: <span class="visually-hidden">Actions</span>, cell: (view) => <Button kind="small plain" icon="trash" label={`Remove ${view.name}`} onClick={async () => { await attempt(viewsDelete(view.id), "Removed"); invalidate("views"); }} /> },
          ]}
          empty={<div class="card"><Empty icon="pin" title="No saved views">“Views” above a table of runs keeps its filter, order, columns, groups and charts under a name.</Empty></div>}
        />
      )}
    </Loaded>
  );
}

function Appearance() {
  const { theme } = useTheme();
  return (
    <Card title="Theme">
      <div class="row wrap" role="radiogroup" aria-label="Theme">
        {(["system", "light", "dark"] as Theme[]).map((name) => (
          <label class="check" key={name}><input type="radio" name="theme" checked={theme === name} onChange={() => setTheme(name)} />{name}</label>
        ))}
      </div>
      <div class="row" style={{ marginTop: "16px" }}>
        <Button onClick={async () => { await attempt(sessionLogout(), "The token of this browser is forgotten"); invalidate(""); }}>Forget this browser's token</Button>
      </div>
    </Card>
  );
}

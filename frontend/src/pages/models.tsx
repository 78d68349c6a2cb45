import { useState } from "preact/hooks";
import { loggedList, modelsCreate, modelsList, modelsRemoved, modelsRestore } from "../../generated/api";
import { invalidate, useQuery } from "../api/query";
import { Button, Card, Chip, Empty, Loaded, Time } from "../components/basic";
import { FormDialog } from "../components/dialog";
import { SearchField } from "../components/search";
import { Table } from "../components/table";
import { Tabs } from "../components/tabs";
import { attempt } from "../components/toast";
import { navigate, useQueryPart } from "../router";
import { Page } from "../shell/page";
import { number } from "../text/format";

export function Models() {
  const [adding, add] = useState(false);
  return (
    <Page
      crumbs={[{ label: "Models" }]}
      title="Models"
      heading="Models"
      lead="Names under which versions are promoted; an alias says which one leads."
      actions={<Button icon="plus" kind="primary" onClick={() => add(true)}>Register a name</Button>}
    >
      <Tabs
        tabs={[
          { id: "registered", label: "Registered", content: () => <Registered /> },
          { id: "logged", label: "Logged by runs", content: () => <Logged /> },
          { id: "removed", label: "Removed", content: () => <RemovedModels /> },
        ]}
      />
      {adding && (
        <FormDialog
          title="Register a name"
          action="Register"
          close={() => add(false)}
          submit={async (values) => {
            const made = await attempt(modelsCreate({ name: String(values.get("name")).trim(), description: String(values.get("description")) }), "Registered");
            invalidate("models");
            if (made) navigate(`/models/${encodeURIComponent(made.model.name)}`);
            return made;
          }}
        >
          <label class="stack tight">Name<input class="field" name="name" required autofocus /></label>
          <label class="stack tight">Description<textarea class="field" name="description" rows={3} /></label>
        </FormDialog>
      )}
    </Page>
  );
}

function Registered() {
  const [text, setText] = useQueryPart("q");
  const query = useQuery(`models/${text}`, (signal) => modelsList({ text, limit: 1000 }, { signal }));
  return (
    <>
      <div class="toolbar"><SearchField label="Filter models" placeholder="Name or description" value={text} onChange={setText} /></div>
      <Loaded query={query}>
        {(answer) => (
          <Table
            label="Registered models"
            rows={answer.rows}
            rowKey={(row) => row.name}
            columns={[
              { key: "name", head: "Name", rowHead: true, cell: (row) => <a href={`/models/${encodeURIComponent(row.name)}`}>{row.name}</a> },
              { key: "versions", head: "Versions", number: true, cell: (row) => number(row.versions) },
              {
                key: "aliases", head: "Aliases",
                cell: (row) => <span class="row">{Object.entries(row.aliases).map(([alias, version]) => <Chip kind="accent" key={alias}>@{alias} → v{version}</Chip>)}</span>,
              },
              { key: "description", head: "Description", cell: (row) => <span class="soft">{row.description.split("\n")[0]}</span> },
              { key: "updated", head: "Changed", cell: (row) => <Time ms={row.updated_ms} /> },
            ]}
            empty={<div class="card"><Empty icon="models" title={text ? "No model matches" : "No models registered yet"} command="clew models --help">In Python: <code>clew.log_model(model, "adult", register="adult")</code></Empty></div>}
          />
        )}
      </Loaded>
    </>
  );
}

function Logged() {
  const query = useQuery("models/logged", (signal) => loggedList({ limit: 500 }, { signal }));
  return (
    <Loaded query={query}>
      {(answer) => (
        <Card title="Logged models" count={answer.items.length} flush>
          <Table
            label="Logged models"
            rows={answer.items}
            rowKey={(row) => row.id}
            columns={[
              { key: "name", head: "Name", rowHead: true, cell: (row) => <a href={`/lineage?focus=${row.id}`}>{row.name}</a> },
              { key: "type", head: "Type", cell: (row) => row.model_type ?? "–" },
              { key: "status", head: "Status", cell: (row) => <Chip>{row.status}</Chip> },
              { key: "run", head: "Run", cell: (row) => (row.source_run_id ? <a class="mono" href={`/runs/${row.source_run_id}`}>{row.source_run_id.slice(-8)}</a> : "–") },
              { key: "metrics", head: "Metrics", cell: (row) => <span class="mono">{row.metrics.slice(0, 3).map((metric) => `${metric.key} ${number(metric.value)}`).join("  ")}</span> },
              { key: "created", head: "Made", cell: (row) => <Time ms={row.created_ms} /> },
            ]}
            empty={<Empty icon="models" title="No run logged a model yet" />}
          />
        </Card>
      )}
    </Loaded>
  );
}

function RemovedModels() {
  const query = useQuery("removed", (signal) => modelsRemoved({}, { signal }));
  const restored = async (name: string) => {
    const done = await attempt(modelsRestore(name, {}), `Restored ${name}`);
    invalidate("models", "removed", "home", `model/${name}`);
    if (done) navigate(`/models/${encodeURIComponent(name)}`);
  };
  return (
    <Loaded query={query}>
      {(answer) => (
        <Table
          label="Removed models"
          rows={answer.items}
          rowKey={(one) => `${one.name}/${one.version}`}
          columns={[
            { key: "name", head: "Name", rowHead: true, cell: (one) => (one.version === null ? one.name : <a href={`/models/${encodeURIComponent(one.name)}?tab=removed`}>{one.name} v{one.version}</a>) },
            { key: "versions", head: "Versions", number: true, cell: (one) => number(one.versions) },
            { key: "time", head: "Removed", cell: (one) => <Time ms={one.time_ms} /> },
            { key: "actor", head: "By", cell: (one) => one.actor || "–" },
            { key: "reason", head: "Why", cell: (one) => one.reason ?? "–" },
            {
              key: "act", head: <span class="visually-hidden">Actions</span>,
              cell: (one) => one.version === null && <Button kind="small" icon="restore" onClick={() => void restored(one.name)}>Restore</Button>,
            },
          ]}
          empty={<div class="card"><Empty icon="trash" title="Nothing was removed">A model that is removed from its page stands here, and can be brought back: <code>clew models restore NAME</code></Empty></div>}
        />
      )}
    </Loaded>
  );
}

import { useState } from "preact/hooks";
import type { ExperimentRow } from "../../generated/api";
import { experimentsChange, experimentsCreate, experimentsDelete, experimentsList, experimentsRestore } from "../../generated/api";
import { invalidate, useQuery } from "../api/query";
import { Button, Chip, Empty, Loaded, Time } from "../components/basic";
import { FormDialog, RenameDialog } from "../components/dialog";
import { SearchField } from "../components/search";
import { Table } from "../components/table";
import { attempt } from "../components/toast";
import { navigate, useQueryPart } from "../router";
import { Page } from "../shell/page";
import { number } from "../text/format";

export function Experiments() {
  const [text, setText] = useQueryPart("q");
  const [view, setView] = useQueryPart("view", "active");
  const [order, setOrder] = useQueryPart("order", "updated");
  const [adding, add] = useState(false);
  const query = useQuery(`experiments/${view}/${order}/${text}`, (signal) =>
    experimentsList({ text, view: view as "active", order: order as "updated", limit: 1000 }, { signal }));
  return (
    <Page
      crumbs={[{ label: "Experiments" }]}
      title="Experiments"
      heading="Experiments"
      lead="Named groups of runs. A flow's runs land in the experiment that is named after the flow."
      actions={<><a class="button" href="/runs">All runs</a><Button icon="plus" kind="primary" onClick={() => add(true)}>New</Button></>}
    >
      <div class="toolbar">
        <SearchField label="Filter experiments" placeholder="Name or note" value={text} onChange={setText} />
        <label class="labelled">Order
          <select class="field" value={order} onChange={(event) => setOrder(event.currentTarget.value)}>
            <option value="updated">last changed</option><option value="name">name</option><option value="runs">runs</option><option value="created">created</option>
          </select>
        </label>
        <label class="labelled">Show
          <select class="field" value={view} onChange={(event) => setView(event.currentTarget.value)}>
            <option value="active">active</option><option value="deleted">deleted</option><option value="all">all</option>
          </select>
        </label>
      </div>
      <Loaded query={query}>
        {(answer) => (
          <Table
            label="Experiments"
            rows={answer.rows}
            rowKey={(row) => row.id}
            columns={[
              { key: "name", head: "Name", rowHead: true, cell: (row) => <a href={`/e/${row.id}`}>{row.name}</a> },
              { key: "runs", head: "Runs", number: true, cell: (row) => number(row.runs) },
              { key: "running", head: "State", cell: (row) => (row.running ? <Chip kind="running" dot>{row.running} running</Chip> : row.lifecycle === "deleted" ? <Chip>deleted</Chip> : null) },
              { key: "note", head: "Note", cell: (row) => <span class="soft">{row.note.split("\n")[0]}</span> },
              { key: "last", head: "Last run", cell: (row) => <Time ms={row.last_run_ms} /> },
              { key: "created", head: "Created", cell: (row) => <Time ms={row.created_ms} /> },
              { key: "menu", head: <span class="visually-hidden">Actions</span>, cell: (row) => <Change row={row} /> },
            ]}
            empty={<div class="card"><Empty icon="experiments" title={text ? "No experiment matches" : "No experiments yet"} command="clew demo" /></div>}
          />
        )}
      </Loaded>
      {adding && (
        <FormDialog
          title="New experiment"
          action="Add"
          close={() => add(false)}
          submit={async (values) => {
            const made = await attempt(experimentsCreate({ name: String(values.get("name")).trim() }), "Added");
            invalidate("experiments");
            if (made) navigate(`/e/${made.id}`);
            return made;
          }}
        >
          <label class="stack tight">Name<input class="field" name="name" required autofocus /></label>
        </FormDialog>
      )}
    </Page>
  );
}

function Change({ row }: { row: ExperimentRow }) {
  const act = async (what: Promise<unknown>, done: string) => {
    const answer = await attempt(what, done);
    invalidate("experiments", "runs", "home");
    return answer;
  };
  const [renaming, rename] = useState(false);
  if (row.lifecycle === "deleted") {
    return <Button icon="restore" kind="small plain" label={`Restore ${row.name}`} onClick={() => void act(experimentsRestore(row.id), "Restored")} />;
  }
  return (
    <span class="row">
      <Button icon="edit" kind="small plain" label={`Rename ${row.name}`} onClick={() => rename(true)} />
      <Button
        icon="trash"
        kind="small plain"
        label={`Delete ${row.name}`}
        onClick={() => void act(experimentsDelete(row.id), "Deleted; it can be restored under “deleted”")}
      />
      {renaming && <RenameDialog title={`Rename ${row.name}`} name={row.name} close={() => rename(false)} submit={(name) => act(experimentsChange(row.id, { name }), "Renamed")} />}
    </span>
  );
}

/** What an experiment is: its name, notes and tags, and what is done to the whole of it. */
import { useState } from "preact/hooks";
import type { ExperimentRow } from "../../../generated/api";
import { experimentsChange, experimentsDelete, experimentsRestore, experimentsTag } from "../../../generated/api";
import { invalidate } from "../../api/query";
import { Button, Chip } from "../../components/basic";
import { FormDialog, RenameDialog } from "../../components/dialog";
import { Item, Menu } from "../../components/menu";
import { Note } from "../../components/note";
import { Tags } from "../../components/tags";
import { attempt } from "../../components/toast";
import { navigate } from "../../router";
import { plural } from "../../text/format";

const NOTE = "mlflow.note.content";

async function act(what: Promise<unknown>, done: string): Promise<unknown> {
  const answer = await attempt(what, done);
  invalidate("experiments", "runs", "home", "audit");
  return answer;
}

export function About({ experiment, open, show }: { experiment: ExperimentRow; open: boolean; show: (open: boolean) => void }) {
  const [doing, begin] = useState<"" | "rename" | "delete">("");
  const { id, name } = experiment;
  const deleted = experiment.lifecycle === "deleted";
  return (
    <>
      {deleted && <Chip kind="failed">deleted</Chip>}
      <Button icon="edit" kind="plain" pressed={open} onClick={() => show(!open)}>Notes and tags</Button>
      <Menu label="Change this experiment" icon="settings" kind="plain" right>
        {(close) => (
          <>
            <Item icon="edit" onClick={() => { close(); begin("rename"); }}>Rename…</Item>
            {deleted
              ? <Item icon="restore" onClick={() => { close(); void act(experimentsRestore(id), "Restored"); }}>Restore</Item>
              : <Item icon="trash" danger onClick={() => { close(); begin("delete"); }}>Delete…</Item>}
          </>
        )}
      </Menu>
      {doing === "rename" && <RenameDialog title={`Rename ${name}`} name={name} close={() => begin("")} submit={(next) => act(experimentsChange(id, { name: next }), "Renamed")} />}
      {doing === "delete" && (
        <FormDialog
          title={`Delete ${name}`}
          action="Delete"
          danger
          close={() => begin("")}
          submit={async () => {
            const done = await act(experimentsDelete(id), "Deleted; it can be restored");
            if (done) navigate("/experiments?view=deleted");
            return done;
          }}
        >
          <p class="soft">It goes with {plural(experiment.runs, "run")}; all of it can be restored among the deleted ones.</p>
        </FormDialog>
      )}
    </>
  );
}

export function AboutPanel({ experiment }: { experiment: ExperimentRow }) {
  const { [NOTE]: _note, ...tags } = experiment.tags;
  return (
    <div class="grid main-side" style={{ marginBottom: "12px", maxHeight: "45vh", overflow: "auto" }}>
      <Note text={experiment.note} save={(text) => act(experimentsChange(experiment.id, { note: text }), "Saved")} />
      <Tags tags={tags} change={async (body) => void (await act(experimentsTag(experiment.id, body), "Saved"))} />
    </div>
  );
}

/** What is done to a version: promoted, moved to a stage, removed; each with its reason. */
import type { VersionDetail } from "../../generated/api";
import { modelsPromote, modelsRemove, modelsStage } from "../../generated/api";
import { ReasonDialog } from "../components/dialog";
import { attempt } from "../components/toast";
import { modelChanged } from "./model";

export interface Doing {
  what: "promote" | "stage" | "remove";
  version: VersionDetail;
}

type Stage = VersionDetail["stage"];

const STAGES: Stage[] = ["None", "Staging", "Production", "Archived"];

export function VersionDialogs({ doing, aliases, close, removed }: {
  doing: Doing;
  /** Where the model's aliases point as the page shows it: a move that was made meanwhile is refused. */
  aliases: Record<string, number>;
  close: () => void;
  removed?: () => void;
}) {
  const { name, version } = doing.version;
  const done = async (what: Promise<unknown>, text: string) => {
    const answer = await attempt(what, text);
    modelChanged(name);
    return answer;
  };
  if (doing.what === "promote") {
    return (
      <ReasonDialog
        title={`Promote ${name} v${version}`}
        action="Promote"
        close={close}
        submit={(reason, values) => {
          const alias = String(values.get("alias")).trim();
          return done(modelsPromote(name, alias, { version, reason, expected: aliases[alias] ?? 0 }), `@${alias} is v${version} now`);
        }}
      >
        <label class="stack tight">Alias<input class="field" name="alias" defaultValue="champion" required list="aliases" autofocus /></label>
        <datalist id="aliases">{Object.keys(aliases).map((alias) => <option key={alias} value={alias} />)}</datalist>
      </ReasonDialog>
    );
  }
  if (doing.what === "stage") {
    return (
      <ReasonDialog
        title={`Move ${name} v${version} to a stage`}
        action="Move"
        close={close}
        submit={(reason, values) => {
          const stage = String(values.get("stage")) as Stage;
          const archive = values.get("archive") === "on" && ["Staging", "Production"].includes(stage);
          return done(modelsStage(name, version, { stage, archive_existing: archive, reason }), `v${version} is in ${stage} now`);
        }}
      >
        <label class="stack tight">Stage<select class="field" name="stage" value={doing.version.stage}>{STAGES.map((stage) => <option key={stage} value={stage}>{stage}</option>)}</select></label>
        <label class="check"><input type="checkbox" name="archive" />Archive what is in that stage now</label>
      </ReasonDialog>
    );
  }
  return (
    <ReasonDialog
      title={`Remove ${name} v${version}`}
      action="Remove"
      danger
      close={close}
      submit={async (reason) => {
        const answer = await done(modelsRemove(name, version, { reason }), `Removed v${version}; it can be restored`);
        if (answer) removed?.();
        return answer;
      }}
    >
      {doing.version.aliases.length > 0 && <p class="notice">{doing.version.aliases.map((alias) => `@${alias}`).join(", ")} would point nowhere.</p>}
    </ReasonDialog>
  );
}

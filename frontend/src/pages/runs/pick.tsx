/** Which value of a metric a column shows: the last, the best, the mean, or that at a step. */
import { useState } from "preact/hooks";
import { FormDialog } from "../../components/dialog";
import { PICKS } from "./columns";

const NAMES: Record<string, string> = { "": "The last value", max: "The greatest", min: "The least", mean: "The mean", first: "The first" };

export function PickButton({ pick, change, label }: { pick: string; change: (pick: string) => void; label: string }) {
  const [open, show] = useState(false);
  const at = /^step:(-?\d+)$/.exec(pick)?.[1];
  return (
    <>
      <button type="button" class="pick" aria-label={`${label}: the ${pick || "last"} value is shown; choose another`} title="Which value" onClick={() => show(true)}>
        {at === undefined ? pick || "last" : `@${at}`}
      </button>
      {open && (
        <FormDialog
          title={`Which value of ${label}?`}
          action="Show"
          close={() => show(false)}
          submit={(values) => {
            const chosen = String(values.get("pick"));
            change(chosen === "step" ? `step:${Number(values.get("step") || 0)}` : chosen);
            return true;
          }}
        >
          <div class="stack tight" role="radiogroup" aria-label="Value">
            {PICKS.map(([id]) => (
              <label class="check" key={id}><input type="radio" name="pick" value={id} defaultChecked={pick === id} />{NAMES[id]}</label>
            ))}
            <label class="check">
              <input type="radio" name="pick" value="step" defaultChecked={at !== undefined} />At step
              <input class="field" type="number" name="step" aria-label="Step" defaultValue={at ?? "0"} style={{ width: "110px" }} />
            </label>
          </div>
        </FormDialog>
      )}
    </>
  );
}

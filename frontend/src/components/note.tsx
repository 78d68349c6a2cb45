/** A Markdown note with its editor. */
import { useState } from "preact/hooks";
import { Markdown } from "../text/markdown";
import { Button, Card } from "./basic";

export function Note({ text, title = "Notes", save }: { text: string; title?: string; save: (text: string) => Promise<unknown> }) {
  const [draft, setDraft] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async () => {
    setBusy(true);
    const answer = await save(draft ?? "");
    setBusy(false);
    if (answer !== undefined) setDraft(null);
  };
  if (draft === null) {
    return (
      <Card title={title} end={<Button icon="edit" kind="small plain" onClick={() => setDraft(text)}>{text ? "Edit" : "Write"}</Button>}>
        {text ? <Markdown text={text} /> : <p class="soft small">Nothing written yet. Markdown works here.</p>}
      </Card>
    );
  }
  return (
    <Card title={title}>
      <div class="stack">
        <textarea
          class="field mono"
          aria-label={title}
          rows={Math.min(24, Math.max(6, draft.split("\n").length + 1))}
          value={draft}
          onInput={(event) => setDraft(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) void submit();
            if (event.key === "Escape") setDraft(null);
          }}
        />
        {draft.trim() && <div class="notice"><Markdown text={draft} /></div>}
        <div class="row">
          <Button kind="primary small" disabled={busy} onClick={() => void submit()}>Save</Button>
          <Button kind="small" onClick={() => setDraft(null)}>Cancel</Button>
        </div>
      </div>
    </Card>
  );
}

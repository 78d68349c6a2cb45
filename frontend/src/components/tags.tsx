/** Tags with their editor: of a run, an experiment, a model, a version. */
import { Button, Card } from "./basic";

export interface TagBody {
  set?: Record<string, string>;
  remove?: string[];
}

/** Tags of clients and of clew itself: shown, and not for editing by hand. */
const OWN = /^(mlflow|clew)\./;

export function Tags({ tags, change }: { tags: Record<string, string>; change: (body: TagBody) => void | Promise<void> }) {
  const added = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const values = new FormData(form);
    void change({ set: { [String(values.get("key")).trim()]: String(values.get("value")) } });
    form.reset();
  };
  const rows = Object.entries(tags).sort(([a], [b]) => Number(OWN.test(a)) - Number(OWN.test(b)) || a.localeCompare(b));
  return (
    <Card title="Tags" count={rows.length}>
      <div class="stack">
        {rows.map(([key, value]) => (
          <div class="row" key={key}>
            <span class="soft clip" title={key}>{key}</span>
            <span class="clip grow mono" title={value}>{value}</span>
            {!OWN.test(key) && <Button icon="close" kind="plain small" label={`Remove the tag ${key}`} onClick={() => void change({ remove: [key] })} />}
          </div>
        ))}
        <form class="row" onSubmit={(event) => added(event as SubmitEvent)}>
          <input class="field grow" name="key" aria-label="New tag" placeholder="tag" required style={{ width: "40px" }} />
          <input class="field grow" name="value" aria-label="Value of the new tag" placeholder="value" style={{ width: "40px" }} />
          <Button type="submit" icon="plus" label="Add the tag" />
        </form>
      </div>
    </Card>
  );
}

import type { Event } from "../../generated/api";
import { Chip, Empty, Time } from "../components/basic";
import { Table } from "../components/table";
import { plural } from "../text/format";

/** Who changed what, and why. */
export function Trail({ events }: { events: Event[] }) {
  return (
    <Table
      label="Trail of changes"
      rows={events}
      rowKey={(event) => event.id}
      columns={[
        { key: "time", head: "When", rowHead: true, cell: (event) => <Time ms={event.time_ms} /> },
        { key: "actor", head: "Who", cell: (event) => event.actor || "–" },
        { key: "action", head: "What", cell: (event) => <Chip>{event.action}</Chip> },
        { key: "subject", head: "Of", cell: (event) => <span class="mono">{event.subject}</span> },
        { key: "change", head: "Change", cell: (event) => { const text = change(event); return <code title={text}>{text}</code>; } },
        { key: "reason", head: "Why", cell: (event) => <span title={event.reason ?? ""}>{event.reason ?? "–"}</span> },
      ]}
      empty={<div class="card"><Empty icon="check" title="Nothing changed yet">Promotions, renamings, removals and their reasons will stand here.</Empty></div>}
    />
  );
}

/** What an event holds in a few words: of what was removed, how much it was. */
export function change(event: Pick<Event, "before" | "after">): string {
  const [before, after] = [told(event.before), told(event.after)];
  if (before && after) return `${before} → ${after}`;
  return after || before || "–";
}

function told(json: string | null): string {
  if (json === null) return "";
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return json;
  }
  if (typeof value !== "object" || value === null) return String(value);
  const fields = value as Record<string, unknown>;
  if (Array.isArray(fields["versions"])) return plural(fields["versions"].length, "version");
  if (typeof fields["versions"] === "number") return plural(fields["versions"], "version");
  if (typeof fields["source"] === "string") return fields["source"];
  return json;
}

import type { Event } from "../../generated/api";
import { Chip, Empty, Time } from "../components/basic";
import { Table } from "../components/table";

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
        { key: "change", head: "Change", cell: (event) => <code title={`${event.before ?? ""} → ${event.after ?? ""}`}>{change(event)}</code> },
        { key: "reason", head: "Why", cell: (event) => <span title={event.reason ?? ""}>{event.reason ?? "–"}</span> },
      ]}
      empty={<div class="card"><Empty icon="check" title="Nothing changed yet" /></div>}
    />
  );
}

function change(event: Event): string {
  if (event.before && event.after) return `${event.before} → ${event.after}`;
  return event.after ?? event.before ?? "–";
}

import type { Comparison, CompareRow } from "../../../generated/api";
import { Button, Card } from "../../components/basic";
import { SearchField } from "../../components/search";
import { useQueryPart } from "../../router";
import { cell, duration, when } from "../../text/format";

const PARTS = ["params", "metrics", "datasets", "attributes", "tags"] as const;
const TITLES = { params: "Params", metrics: "Metrics", datasets: "Datasets", attributes: "About", tags: "Tags" };

/** Keys down, runs across (or the other way round); only what differs, unless all is asked for. */
export function ValuesTab({ answer }: { answer: Comparison }) {
  const [all, setAll] = useQueryPart("all");
  const [turned, turn] = useQueryPart("turned");
  const [text, setText] = useQueryPart("q");
  const wanted = (rows: CompareRow[]) =>
    rows.filter((row) => (all || row.differs || answer.runs.length < 2) && row.key.toLowerCase().includes(text.toLowerCase()));
  const hidden = PARTS.reduce((sum, part) => sum + answer[part].filter((row) => !row.differs).length, 0);
  return (
    <div class="stack loose">
      <div class="toolbar" style={{ margin: 0 }}>
        <SearchField label="Filter keys" placeholder="Part of a name" value={text} onChange={setText} />
        <Button pressed={!all} onClick={() => setAll(all ? "" : "1")}>Differences only</Button>
        <Button pressed={!!turned} onClick={() => turn(turned ? "" : "1")}>Runs as rows</Button>
        <span class="soft small">{!all && hidden > 0 && answer.runs.length > 1 ? `${hidden} keys that are the same in all runs are hidden` : ""}</span>
      </div>
      {PARTS.map((part) => {
        const rows = wanted(answer[part]);
        if (!rows.length) return null;
        return (
          <Card title={TITLES[part]} count={rows.length} flush key={part}>
            {turned ? <RunsDown answer={answer} rows={rows} label={TITLES[part]} all={!!all} /> : <KeysDown answer={answer} rows={rows} label={TITLES[part]} all={!!all} />}
          </Card>
        );
      })}
      {PARTS.every((part) => !wanted(answer[part]).length) && <p class="soft">Nothing differs.</p>}
    </div>
  );
}

/** Attributes say their unit at the end of their name. */
function keyShown(key: string): string {
  return key === "started_ms" ? "started" : key === "duration_s" ? "duration" : key;
}

function shown(key: string, value: number | string | null | undefined): string {
  if (typeof value === "number" && key === "started_ms") return when(value);
  if (typeof value === "number" && key === "duration_s") return duration(value);
  return cell(value);
}

interface Side {
  answer: Comparison;
  rows: CompareRow[];
  label: string;
  /** Keys that do not differ are shown too, so those that do are marked. */
  all: boolean;
}

function KeysDown({ answer, rows, label, all }: Side) {
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label={label}>
      <table class="table" aria-label={label}>
        <thead><tr><th scope="col">Key</th>{answer.runs.map((run) => <th scope="col" key={run.id}><a href={`/runs/${run.id}`}>{run.name}</a></th>)}</tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}><th scope="row" class="mono">{keyShown(row.key)}</th>{row.values.map((value, index) => <td key={index} class={`mono ${all && row.differs ? "differs" : ""}`} title={String(value)}>{shown(row.key, value)}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function RunsDown({ answer, rows, label, all }: Side) {
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label={label}>
      <table class="table" aria-label={label}>
        <thead><tr><th scope="col">Run</th>{rows.map((row) => <th scope="col" class="mono" key={row.key}>{keyShown(row.key)}</th>)}</tr></thead>
        <tbody>
          {answer.runs.map((run, index) => (
            <tr key={run.id}><th scope="row"><a href={`/runs/${run.id}`}>{run.name}</a></th>{rows.map((row) => <td key={row.key} class={`mono ${all && row.differs ? "differs" : ""}`}>{shown(row.key, row.values[index])}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

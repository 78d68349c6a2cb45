/** What served models answered: found by model, version, answer, feedback, confidence and the row's columns. */
import { useState } from "preact/hooks";
import type { PredictionRow } from "../../generated/api";
import { predictionsList } from "../../generated/api";
import { useQuery } from "../api/query";
import { Button, Chip, Empty, Loaded, Time } from "../components/basic";
import { SearchField } from "../components/search";
import { Table } from "../components/table";
import { ViewsMenu } from "../components/views";
import { setQuery, usePlace, useQueryPart } from "../router";
import { Page } from "../shell/page";
import { cell, number } from "../text/format";
import { ms, percent } from "./deployments";

type Judged = "any" | "given" | "none" | "wrong";

/** What was answered or turned out, as text. */
export function said(value: unknown): string {
  return typeof value === "number" || typeof value === "string" ? cell(value) : JSON.stringify(value) ?? "–";
}

export function Predictions() {
  const { query } = usePlace();
  const [model, setModel] = useQueryPart("model");
  const [judged, setJudged] = useQueryPart("judged", "any");
  const [column] = useQueryPart("column");
  const [answer, setAnswer] = useQueryPart("answer");
  const [most, setMost] = useQueryPart("confidence");
  const before = query.get("before");
  const asked = {
    model,
    judged: judged as Judged,
    ...(column.includes("=") ? { column: column.split(/\s*&\s*/) } : {}),
    ...(answer ? { answer } : {}),
    ...(Number(most) > 0 ? { most_confidence: Number(most) } : {}),
    ...(query.get("version") ? { version: query.get("version")! } : {}),
    ...(query.get("arm") ? { arm: query.get("arm")! } : {}),
    ...(before ? { before } : {}),
  };
  const found = useQuery(`predictions/${JSON.stringify(asked)}`, (signal) => predictionsList({ ...asked, limit: 100 }, { signal }));
  const filtered = Object.keys(asked).length > 2 || model || judged !== "any";
  return (
    <Page crumbs={[{ label: "Predictions" }]} title="Predictions" heading="Predictions" lead="Every answer of a served model, and what came of it." actions={<ViewsMenu />}>
      <div class="toolbar">
        <SearchField label="Column of the row" placeholder="age=42 & job=clerk" value={column} onChange={(text) => setQuery({ column: text, before: null })} />
        <SmallField label="Endpoint" value={model} change={setModel} />
        <SmallField label="Answer" value={answer} change={setAnswer} />
        <SmallField label="Confidence ≤" value={most} change={setMost} />
        <label class="labelled">Feedback
          <select class="field" value={judged} onChange={(event) => setJudged(event.currentTarget.value)}>
            <option value="any">any</option><option value="given">given</option><option value="none">none yet</option><option value="wrong">wrong</option>
          </select>
        </label>
      </div>
      {column && !column.includes("=") && <p class="small soft">A condition names a column and its value: <code>age=42</code></p>}
      <Loaded query={found}>
        {(page) => (
          <div class="stack">
            <PredictionsTable rows={page.rows} filtered={!!filtered} />
            <div class="row">
              <span class="small soft grow">{number(page.rows.length)} shown, {number(page.scanned)} looked at</span>
              {before && <Button kind="small" onClick={() => setQuery({ before: null })}>Newest</Button>}
              {page.next && <Button kind="small" icon="right" onClick={() => setQuery({ before: page.next }, { replace: false })}>Older</Button>}
            </div>
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function SmallField({ label, value, change }: { label: string; value: string; change: (text: string) => void }) {
  const [draft, setDraft] = useState(value);
  return (
    <label class="labelled">{label}
      <input class="field" style={{ width: "96px" }} value={draft} onInput={(event) => setDraft(event.currentTarget.value)} onChange={(event) => change(event.currentTarget.value.trim())} />
    </label>
  );
}

function PredictionsTable({ rows, filtered }: { rows: PredictionRow[]; filtered: boolean }) {
  return (
    <Table
      label="Predictions"
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        { key: "id", head: "Prediction", rowHead: true, cell: (row) => <a class="mono" href={`/predictions/${row.id}`}>{row.id.slice(-10)}</a> },
        { key: "time", head: "When", cell: (row) => <Time ms={row.time_ms} /> },
        { key: "model", head: "Endpoint", cell: (row) => <>{row.model} <span class="faint">{row.arm || row.version}</span></> },
        { key: "answer", head: "Answer", cell: (row) => <span class="mono">{said(row.answer)}</span> },
        { key: "confidence", head: "Confidence", number: true, cell: (row) => percent(row.confidence) },
        { key: "feedback", head: "Feedback", cell: (row) => <Verdict row={row} /> },
        { key: "row", head: "Row", cell: (row) => { const text = Object.entries(row.row).map(([name, value]) => `${name} ${said(value)}`).join(", "); return <span class="soft" title={text}>{text}</span>; } },
        { key: "latency", head: "Took", number: true, cell: (row) => ms(row.latency_ms) },
      ]}
      empty={<div class="card">{filtered
        ? <Empty icon="search" title="No prediction matches"><a href="/predictions">Show all predictions</a></Empty>
        : <Empty icon="predictions" title="No predictions yet" command="clew serve NAME@champion">Each answer of a served model is kept, and leads back to its rows: <code>clew predictions ID</code></Empty>}</div>}
    />
  );
}

/** The last feedback: whether the answer was right, or its reward. */
export function Verdict({ row }: { row: PredictionRow }) {
  const last = row.feedback.at(-1);
  if (!last) return <span class="faint">–</span>;
  if (last.truth !== null && last.truth !== undefined) {
    const right = String(last.truth) === String(row.answer);
    return <Chip kind={right ? "finished" : "failed"} dot>{right ? "right" : `was ${said(last.truth)}`}</Chip>;
  }
  return <Chip>reward {number(last.reward)}</Chip>;
}

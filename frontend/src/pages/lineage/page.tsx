/** The lineage explorer: a neighbourhood of what one looks at, search, paths, impact, cost and reuse. */
import { useMemo, useState } from "preact/hooks";
import type { Graph } from "../../../generated/api";
import { lineageGraph, lineagePaths } from "../../../generated/api";
import { useQuery } from "../../api/query";
import { Button, Empty, Failure, Skeleton } from "../../components/basic";
import { neighbours, type Overlay, reached } from "../../graph/model";
import { GraphOutline } from "../../graph/outline";
import { GraphView } from "../../graph/view";
import { navigate, setQuery, usePlace, withQuery } from "../../router";
import { Page } from "../../shell/page";
import { plural } from "../../text/format";
import { ImpactPanel } from "./impact";
import { Inspector } from "./inspector";
import { Search } from "./search";

type Values = "none" | "data" | "all";

export function Lineage() {
  const { query } = usePlace();
  const focus = query.get("focus")?.split(",").filter(Boolean) ?? [];
  const impact = query.get("impact");
  if (!focus.length) {
    return (
      <Page crumbs={[{ label: "Lineage" }]} title="Lineage" heading="Lineage" lead="Every fact is a node; its id is the hash of what produced it. Look for a run, a step, a value, a file or a model.">
        <div class="stack loose" style={{ maxWidth: "860px" }}>
          <Search />
          {impact ? <ImpactPanel what={impact} /> : !query.get("q") && <div class="card"><Empty icon="lineage" title="Begin with a name" command="clew lineage last">Or open the lineage of any run, model or dataset from its page.</Empty></div>}
        </div>
      </Page>
    );
  }
  return <Explorer focus={focus} />;
}

function Explorer({ focus }: { focus: string[] }) {
  const { query } = usePlace();
  const depth = (name: string) => Math.max(0, Math.min(100, Number(query.get(name) ?? 2) || 0));
  const [up, down] = [depth("up"), depth("down")];
  const values = (query.get("values") ?? "data") as Values;
  const overlay = (query.get("show") ?? "decision") as Overlay;
  const run = query.get("run");
  const key = JSON.stringify([focus, up, down, values, run]);
  const graph = useQuery(`lineage/${key}`, (signal) =>
    lineageGraph({ focus, up, down, values, limit: 10_000, ...(run ? { run } : {}) }, { signal }));
  const selected = query.get("at") ?? graph.data?.nodes[graph.data.focus[0] ?? 0]?.id ?? null;
  const select = (id: string) => setQuery({ at: id });
  const end = query.get("to");
  const paths = useQuery(end && selected ? `paths/${focus[0]}/${end}` : null, (signal) => lineagePaths({ start: focus[0]!, end: end! }, { signal }));
  const [thread, setThread] = useState<"" | "up" | "down">("");
  const lit = useMemo(() => {
    if (paths.data) return new Set(paths.data.paths.flat());
    return graph.data && thread && selected ? threadOf(graph.data, selected, thread) : new Set<string>();
  }, [graph.data, paths.data, thread, selected]);
  const node = graph.data?.nodes.find((one) => one.id === selected);
  const outlineShown = query.get("view") === "outline";
  return (
    <Page crumbs={[{ label: "Lineage", href: "/lineage" }, { label: node?.label || focus[0]!.slice(0, 14) }]} title="Lineage" flush>
      <div class="lineage-page">
        <h1 class="visually-hidden">Lineage of {focus.join(", ")}</h1>
        <section class="graph-area" aria-label="Graph">
          <div class="graph-bar">
            <Search compact />
            <Depth name="up" label="Back" value={up} />
            <Depth name="down" label="Ahead" value={down} />
            <select class="field" aria-label="Values shown" value={values} onChange={(event) => setQuery({ values: event.currentTarget.value === "data" ? null : event.currentTarget.value })}>
              <option value="none">no inputs</option><option value="data">inputs: data</option><option value="all">all inputs</option>
            </select>
            <select class="field" aria-label="Colours show" value={overlay} onChange={(event) => setQuery({ show: event.currentTarget.value === "decision" ? null : event.currentTarget.value })}>
              <option value="decision">decisions</option><option value="cost">cost</option><option value="reuse">saved by reuse</option><option value="kind">kinds</option>
            </select>
            <Button kind="small" pressed={thread === "up"} onClick={() => setThread(thread === "up" ? "" : "up")}>Came from</Button>
            <Button kind="small" pressed={thread === "down"} onClick={() => setThread(thread === "down" ? "" : "down")}>Led to</Button>
            <Button kind="small" pressed={outlineShown} onClick={() => setQuery({ view: outlineShown ? null : "outline" })}>Outline</Button>
            <span class="grow" />
            {graph.data && <span class="small soft">{plural(graph.data.nodes.length, "node")}{graph.data.truncated ? ", more left out" : ""}</span>}
          </div>
          {end && (
            <div class="graph-bar small">
              {paths.error ? <Failure error={paths.error} /> : <span>{paths.data ? (paths.data.paths.length ? `${plural(paths.data.paths.length, "shortest path")} to ${end.slice(0, 12)}` : "No path leads there") : "Looking for paths…"}</span>}
              <Button kind="small" onClick={() => setQuery({ to: null })}>Clear</Button>
            </div>
          )}
          {graph.error && !graph.data
            ? <div style={{ padding: "20px" }}><Failure error={graph.error} retry={graph.reload} /></div>
            : !graph.data
            ? <div style={{ padding: "20px" }}><Skeleton height={40} count={6} /></div>
            : outlineShown
            ? <div style={{ overflow: "auto", padding: "14px" }}><GraphOutline graph={graph.data} selected={selected} onSelect={select} /></div>
            : (
              <GraphView graph={graph.data} selected={selected} onSelect={select} onOpen={(id) => navigate(withQuery({ focus: id, at: null, to: null }))} lit={lit} overlay={overlay} label="Lineage" />
            )}
        </section>
        <aside class="inspector" aria-label="Details">
          {selected && <Inspector id={selected} node={node} focus={focus[0]!} />}
          {graph.data && !outlineShown && (
            <details><summary class="small">Outline of the graph</summary><GraphOutline graph={graph.data} selected={selected} onSelect={select} /></details>
          )}
        </aside>
      </div>
    </Page>
  );
}

/** The node, and all that it came from or led to. */
function threadOf(graph: Graph, id: string, direction: "up" | "down"): Set<string> {
  const start = graph.nodes.findIndex((node) => node.id === id);
  if (start < 0) return new Set();
  return new Set([...reached(neighbours(graph)[direction], start)].map((index) => graph.nodes[index]!.id));
}

function Depth({ name, label, value }: { name: string; label: string; value: number }) {
  return (
    <label class="labelled">{label}
      <input class="field" type="number" min="0" max="100" value={value} style={{ width: "54px" }} onChange={(event) => setQuery({ [name]: event.currentTarget.value })} />
    </label>
  );
}

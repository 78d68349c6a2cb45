/** Runs side by side: what differs, metrics overlaid, parallel coordinates, scatter, lineage. */
import { useState } from "preact/hooks";
import type { Comparison } from "../../../generated/api";
import { runsCompare, runsTable } from "../../../generated/api";
import { useQuery } from "../../api/query";
import { Empty, Loaded } from "../../components/basic";
import { Icon } from "../../components/icon";
import { Menu } from "../../components/menu";
import { Tabs } from "../../components/tabs";
import { ViewsMenu } from "../../components/views";
import { colourName } from "../../charts/series";
import { setQuery, usePlace } from "../../router";
import { Page } from "../../shell/page";
import { shortId, told } from "../../text/format";
import { DiffTab } from "./diff";
import { OverlayTab } from "./overlay";
import { ParallelTab, ScatterTab } from "./plots";
import { ValuesTab } from "./values";

export function Compare() {
  const { query } = usePlace();
  const ids = [...new Set((query.get("ids") ?? "").split(",").filter(Boolean))];
  const comparison = useQuery(ids.length ? `runs/compare/${ids.join(",")}` : null, (signal) => runsCompare({ run: ids }, { signal }));
  const keep = (next: string[]) => setQuery({ ids: next.join(",") });
  return (
    <Page
      crumbs={[{ label: "Experiments", href: "/experiments" }, { label: "Compare" }]}
      title="Compare"
      heading={`Compare ${ids.length || ""} runs`}
      actions={<><AddRun ids={ids} add={(id) => keep([...ids, id])} /><ViewsMenu /></>}
    >
      {!ids.length && <div class="card"><Empty icon="compare" title="No runs chosen">Select some in the <a href="/runs">table of runs</a> and press <kbd>c</kbd>, or add one above.</Empty></div>}
      {ids.length > 0 && (
        <Loaded query={comparison}>
          {(found) => {
            const names = told(found.runs);
            const answer = { ...found, runs: found.runs.map((run, index) => ({ ...run, name: names[index]! })) };
            return (
            <>
              <ul class="row wrap" aria-label="Runs compared" style={{ marginBottom: "14px" }}>
                {answer.runs.map((run, index) => (
                  <li class="chip" key={run.id} style={{ height: "26px" }}>
                    <i class="swatch" style={{ color: `var(${colourName(index)})`, margin: 0 }} />
                    <a href={`/runs/${run.id}`}>{run.name}</a>
                    <button type="button" class="button plain icon small" style={{ width: "18px", height: "18px" }} aria-label={`Remove ${run.name}`} onClick={() => keep(ids.filter((id) => id !== run.id))}><Icon name="close" size={11} /></button>
                  </li>
                ))}
              </ul>
              <Content answer={answer} />
            </>
            );
          }}
        </Loaded>
      )}
    </Page>
  );
}

function Content({ answer }: { answer: Comparison }) {
  return (
    <Tabs
      tabs={[
        { id: "values", label: "Values", content: () => <ValuesTab answer={answer} /> },
        { id: "metrics", label: "Metrics", count: answer.metrics.length, content: () => <OverlayTab answer={answer} /> },
        { id: "parallel", label: "Parallel coordinates", content: () => <ParallelTab answer={answer} /> },
        { id: "scatter", label: "Scatter", content: () => <ScatterTab answer={answer} /> },
        { id: "lineage", label: "Lineage", content: () => <DiffTab answer={answer} /> },
      ]}
    />
  );
}

function AddRun({ ids, add }: { ids: string[]; add: (id: string) => void }) {
  const [text, setText] = useState("");
  const found = useQuery(`runs/find/${text}`, (signal) => runsTable({ text, limit: 15 }, { signal }));
  return (
    <Menu icon="plus" text="Add a run" label="Add a run" right>
      {() => (
        <div style={{ width: "300px" }}>
          <input class="field" style={{ width: "100%" }} type="search" aria-label="Find a run" placeholder="Name, user, id" value={text} onInput={(event) => setText(event.currentTarget.value)} />
          {found.data?.rows.filter((row) => !ids.includes(row.id)).map((row) => (
            <button type="button" class="item" key={row.id} onClick={() => add(row.id)}>
              <span class="clip grow">{row.name}</span><span class="faint small">{row.experiment_name} {shortId(row.id)}</span>
            </button>
          ))}
        </div>
      )}
    </Menu>
  );
}

/** One small plot for each param: its values across, the metric up, later trials warmer. */
import type { StudyDetail } from "../../../generated/api";
import { Card, Empty } from "../../components/basic";
import { SearchField } from "../../components/search";
import { WhenVisible } from "../../components/visible";
import { Scatter } from "../../charts/scatter";
import { useQueryPart } from "../../router";
import { endings, number } from "../../text/format";
import { useImportance } from "./importance";
import { some } from "./some";

const HEIGHT = 230;

export function Slices({ study, metric }: { study: StudyDetail; metric: number }) {
  const [text, setText] = useQueryPart("q");
  const importance = useImportance(study, metric);
  const trials = some(study.trials);
  const name = study.metrics[metric] ?? "";
  const names = endings(study.params);
  const ranked = importance.data?.params.map((one) => one.param) ?? [];
  const shown = study.params
    .filter((param) => param.toLowerCase().includes(text.toLowerCase()))
    .sort((a, b) => place(ranked, a) - place(ranked, b));
  if (!study.params.length) return <div class="card"><Empty icon="studies" title="This study varied no params" /></div>;
  return (
    <div class="stack">
      <div class="toolbar" style={{ margin: 0 }}>
        <SearchField label="Filter params" placeholder="Part of a name" value={text} onChange={setText} />
        <span class="small soft">What mattered most comes first; later trials are warmer.{trials.length < study.trials.length ? ` ${number(trials.length)} of ${number(study.trials.length)} trials are drawn.` : ""}</span>
      </div>
      <div class="grid charts">
        {shown.map((param) => {
          const index = study.params.indexOf(param);
          return (
            <Card title={<span class="mono clip" title={param}>{names[index]}</span>} key={param}>
              <WhenVisible height={HEIGHT}>
                {() => (
                  <Scatter
                    points={trials.map((trial) => ({ id: String(trial.number), label: `trial ${trial.number}, rank ${trial.rank}`, x: trial.params[index] ?? "none", y: trial.means[metric], colour: trial.number }))}
                    xName={names[index]!}
                    yName={name}
                    colourName="trial"
                    height={HEIGHT}
                    what="trial"
                  />
                )}
              </WhenVisible>
            </Card>
          );
        })}
      </div>
      {!shown.length && <div class="card"><Empty icon="search" title="No param matches" /></div>}
    </div>
  );
}

function place(ranked: string[], param: string): number {
  const at = ranked.indexOf(param);
  return at < 0 ? ranked.length : at;
}

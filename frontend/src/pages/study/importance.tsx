/** Which params mattered: alone, with others, and in pairs; asked for when it is seen. */
import type { StudyDetail } from "../../../generated/api";
import { studiesImportance } from "../../../generated/api";
import { useQuery } from "../../api/query";
import { Card, Skeleton } from "../../components/basic";
import { NamedBars } from "../../charts/bars";
import { endings, number, plural } from "../../text/format";

const DOUBTFUL = 0.3;

export function useImportance(study: StudyDetail, metric: number) {
  const name = study.metrics[metric] ?? "";
  return useQuery(study.running ? null : `importance/${study.id}/${name}`, (signal) => studiesImportance(study.id, { metric: name }, { signal }));
}

export function ImportanceCard({ study, metric }: { study: StudyDetail; metric: number }) {
  const query = useImportance(study, metric);
  const found = query.data;
  const names = new Map(endings(study.params).map((name, index) => [study.params[index]!, name]));
  const percent = (share: number) => `${number(100 * share, share < 0.1 ? 2 : 3)} %`;
  return (
    <Card title="Which params mattered" {...(found ? { count: found.params.length } : {})}>
      {study.running
        ? <p class="soft">Told when the study is finished.</p>
        : query.error
        ? <p class="soft">{query.error.message}{query.error.got && `: ${query.error.got}`}. {query.error.hint ?? (query.error.expected && `It takes ${query.error.expected}.`)}</p>
        : !found
        ? <Skeleton height={18} count={5} />
        : (
          <div class="stack">
            <div style={{ maxHeight: "260px", overflow: "auto" }} tabIndex={0} role="region" aria-label="Shares of the params">
              <NamedBars rows={found.params.map((one) => ({ name: names.get(one.param) ?? one.param, value: one.share, inner: one.alone, text: percent(one.share) }))} most={1} />
            </div>
            <p class="small soft">
              Share of the spread of {found.metric} over {plural(found.trials, "trial")}; the darker part by the param alone, the rest together with others.
            </p>
            {found.explained < DOUBTFUL && (
              <p class="notice small">The forest behind these shares explains {found.explained > 0 ? `only ${percent(found.explained)}` : "nothing"} of trials that it did not see: they say little.</p>
            )}
            {found.pairs.length > 0 && (
              <div class="stack tight">
                <h3>Together</h3>
                <ul class="stack tight small">
                  {found.pairs.slice(0, 5).map((pair) => <li class="row" key={pair.params.join()}><span class="mono clip grow" title={pair.params.join(" × ")}>{pair.params.map((param) => names.get(param) ?? param).join(" × ")}</span><span class="number soft">{percent(pair.share)}</span></li>)}
                </ul>
              </div>
            )}
          </div>
        )}
    </Card>
  );
}

import { useMemo } from "preact/hooks";
import type { StudyDetail } from "../../../generated/api";
import { Card, Empty } from "../../components/basic";
import { Table } from "../../components/table";
import { LineChart } from "../../charts/line";
import { colourName } from "../../charts/series";
import { colour, useTheme } from "../../theme";
import { number, plural } from "../../text/format";
import { curvesOf } from "./curves";

const MOST = 200;
const GREY = "--series-10";

/** Learning curves: one line a configuration, grey where it was stopped. */
export function Learning({ study, metric }: { study: StudyDetail; metric: number }) {
  const { dark } = useTheme();
  const found = useMemo(() => curvesOf(study, metric), [study, metric]);
  const lines = useMemo(
    () => found?.curves.slice(0, MOST).map((curve, index) => ({ ...curve, dots: true, faint: curve.stopped, colour: colour(curve.stopped ? GREY : colourName(index % 9)) })) ?? [],
    [found, dark],
  );
  if (!found) {
    return (
      <div class="card">
        <Empty icon="chart" title="Every trial of this study was evaluated in full" command="clew.select.HalvingSearch(model, space, resource='max_iter')">
          Curves show how trials grow and where they are stopped: by rungs as above, or fold by fold with <code>clew.Search(…, race=0.95)</code>.
        </Empty>
      </div>
    );
  }
  const name = study.metrics[metric] ?? "";
  const stopped = found.curves.filter((curve) => curve.stopped).length;
  return (
    <div class="stack loose">
      <Card title={`${name} by ${found.axis}`}>
        <LineChart label={`${name} by ${found.axis}`} lines={lines} xLabel={found.axis} height={320} />
        <p class="small soft">
          {plural(found.curves.length, "configuration")}; {number(stopped)} of them stopped early, in grey.
          {found.axis === "folds" && " A line is the mean over the folds so far."}
          {found.curves.length > MOST && ` The first ${MOST} are drawn.`}
        </p>
      </Card>
      <Card title={found.axis === "folds" ? "Folds" : "Rungs"} count={found.stages.length} flush>
        <Table
          label="Stages"
          rows={found.stages}
          rowKey={(stage) => String(stage.x)}
          columns={[
            { key: "x", head: found.axis, rowHead: true, cell: (stage) => number(stage.x) },
            { key: "trials", head: "Trials", number: true, cell: (stage) => number(stage.trials) },
            { key: "best", head: `Best ${name}`, number: true, cell: (stage) => number(stage.best, 5) },
            { key: "stopped", head: "Stopped here", number: true, cell: (stage) => number(stage.stopped) },
          ]}
        />
      </Card>
    </div>
  );
}

import { studiesList } from "../../generated/api";
import { useEvery } from "../api/every";
import { useQuery } from "../api/query";
import { Card, Empty, Loaded, Time } from "../components/basic";
import { Table } from "../components/table";
import { Page } from "../shell/page";
import { duration, number } from "../text/format";

const EVERY_MS = 5000;

export function Studies() {
  const query = useQuery("studies", (signal) => studiesList({ limit: 500 }, { signal }));
  useEvery(EVERY_MS, query.reload);
  return (
    <Page crumbs={[{ label: "Studies" }]} title="Studies" heading="Studies" lead="Model selection: many configurations, planned and computed as one graph.">
      <Loaded query={query}>
        {(answer) => (
          <div class="stack loose">
          {answer.running.length > 0 && (
            <Card title="Running" count={answer.running.length} flush>
              <Table
                label="Running studies"
                rows={answer.running}
                rowKey={(row) => row.id}
                columns={[
                  { key: "estimator", head: "Study", rowHead: true, cell: (row) => <a href={`/studies/${row.id}`}>{row.estimator}</a> },
                  { key: "data", head: "Data", cell: (row) => <span class="mono soft">{row.data}</span> },
                  { key: "done", head: "Fits", number: true, cell: (row) => `${number(row.done)} of ${number(row.total)}` },
                  { key: "metric", head: "Metric", cell: (row) => row.metric ?? "–" },
                  { key: "best", head: "Best so far", number: true, cell: (row) => number(row.best, 5) },
                  { key: "wall", head: "For", number: true, cell: (row) => duration(row.elapsed_s) },
                ]}
              />
            </Card>
          )}
          <Table
            label="Studies"
            rows={answer.rows}
            rowKey={(row) => row.id}
            columns={[
              { key: "estimator", head: "Study", rowHead: true, cell: (row) => <a href={`/studies/${row.id}`}>{row.estimator}</a> },
              { key: "data", head: "Data", cell: (row) => <span class="mono soft">{row.data}</span> },
              { key: "trials", head: "Trials", number: true, cell: (row) => number(row.trials) },
              { key: "metric", head: "Metric", cell: (row) => row.metric ?? "–" },
              { key: "best", head: "Best", number: true, cell: (row) => number(row.best, 5) },
              { key: "wall", head: "Took", number: true, cell: (row) => duration(row.wall_s || null) },
              { key: "saved", head: "Saved", number: true, cell: (row) => duration(row.saved_s) },
              { key: "created", head: "Made", cell: (row) => <Time ms={row.created_ms} /> },
            ]}
            empty={<div class="card"><Empty icon="studies" title="No studies yet" command="clew demo">In Python: <code>clew.Search(pipeline, space, cv=5).fit(X, y)</code> stores one.</Empty></div>}
          />
          </div>
        )}
      </Loaded>
    </Page>
  );
}

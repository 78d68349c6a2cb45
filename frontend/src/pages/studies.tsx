import { studiesList } from "../../generated/api";
import { useQuery } from "../api/query";
import { Empty, Loaded, Time } from "../components/basic";
import { Table } from "../components/table";
import { Page } from "../shell/page";
import { duration, number } from "../text/format";

export function Studies() {
  const query = useQuery("studies", (signal) => studiesList({ limit: 500 }, { signal }));
  return (
    <Page crumbs={[{ label: "Studies" }]} title="Studies" heading="Studies" lead="Model selection: many configurations, planned and computed as one graph.">
      <Loaded query={query}>
        {(answer) => (
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
              { key: "created", head: "Made", cell: (row) => <Time ms={row.created_ms} /> },
            ]}
            empty={<div class="card"><Empty icon="studies" title="No studies yet" command="clew demo">In Python: <code>clew.Search(pipeline, space, cv=5).fit(X, y)</code> stores one.</Empty></div>}
          />
        )}
      </Loaded>
    </Page>
  );
}

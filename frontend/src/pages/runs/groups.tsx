/** Runs grouped: mean and spread of each metric, and the single traces of a group. */
import { useState } from "preact/hooks";
import type { ColumnInfo, RunGroup, Spread } from "../../../generated/api";
import { runsGroups } from "../../../generated/api";
import { useQuery } from "../../api/query";
import { Empty, Loaded } from "../../components/basic";
import { Icon } from "../../components/icon";
import { Table } from "../../components/table";
import { column, number } from "../../text/format";
import { History } from "./history";

export function Groups({ by, within, columns, catalogue }: {
  by: string[];
  within: { experiment?: string[]; filter: string; view: "active" | "deleted" | "all" };
  columns: string[];
  catalogue: ColumnInfo[];
}) {
  const metrics = columns.length ? columns : catalogue.filter((info) => info.kind === "metrics").slice(0, 6).map((info) => info.column);
  const query = useQuery(`runs/groups/${JSON.stringify([by, within, metrics])}`, (signal) =>
    runsGroups({ ...within, by, columns: metrics, order: ["count DESC"], limit: 500 }, { signal }));
  const [open, setOpen] = useState<string | null>(null);
  return (
    <div class="stack" style={{ overflow: "auto", flex: 1, paddingBottom: "20px" }}>
      <Loaded query={query}>
        {(answer) => (
          <>
            <Table
              label={`Groups by ${by.join(", ")}`}
              rows={answer.groups}
              rowKey={(group) => JSON.stringify(group.key)}
              columns={[
                ...answer.by.map((name, index) => ({
                  key: name, head: column(name).key, rowHead: index === 0,
                  cell: (group: RunGroup) => (
                    index === 0
                      ? <button type="button" class="button plain small" aria-expanded={open === JSON.stringify(group.key)} onClick={() => setOpen(open === JSON.stringify(group.key) ? null : JSON.stringify(group.key))}><Icon name={open === JSON.stringify(group.key) ? "down" : "right"} size={12} />{group.key[index] ?? "–"}</button>
                      : group.key[index] ?? "–"
                  ),
                })),
                { key: "count", head: "Runs", number: true, cell: (group) => number(group.count) },
                ...answer.columns.map((name, index) => ({
                  key: name, head: name.replace(/^metrics\./, ""), number: true,
                  cell: (group: RunGroup) => <SpreadCell spread={group.spreads[index]} />,
                })),
              ]}
              empty={<div class="card"><Empty icon="group" title="No groups" /></div>}
            />
            {answer.groups.filter((group) => JSON.stringify(group.key) === open).map((group) => (
              <div class="stack" key={open}>
                <h2>{group.key.map((value) => value ?? "–").join(", ")} <span class="count">{group.count} runs, mean ± standard deviation over the single traces</span></h2>
                <div class="grid charts">
                  {answer.columns.map((name) => <History key={name} metric={column(name).key} runs={group.run_ids.map((id) => ({ id, name: id }))} mean />)}
                </div>
              </div>
            ))}
          </>
        )}
      </Loaded>
    </div>
  );
}

function SpreadCell({ spread }: { spread: Spread | undefined }) {
  if (!spread || spread.mean === null) return <span class="faint">–</span>;
  const text = `mean of ${spread.count}; from ${number(spread.min)} to ${number(spread.max)}`;
  return <span title={text}>{number(spread.mean)}{spread.std !== null && <span class="faint"> ± {number(spread.std, 2)}</span>}</span>;
}

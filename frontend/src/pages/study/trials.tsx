import { useMemo } from "preact/hooks";
import type { StudyDetail, Trial } from "../../../generated/api";
import { VirtualTable } from "../../components/table";
import { numeric } from "../../charts/axes";
import { setQuery, usePlace } from "../../router";
import { cell, duration, endings, number } from "../../text/format";
import { How } from "./leaders";

export function Trials({ study }: { study: StudyDetail }) {
  const { query } = usePlace();
  const [key = "rank", direction = "ASC"] = (query.get("sort") ?? "").split(" ").filter(Boolean);
  const rows = useMemo(() => {
    const value = (trial: Trial): number | string | null =>
      key === "rank" ? trial.rank : key === "resource" ? trial.resource : key === "number" ? trial.number : key === "fit" ? trial.fit_s
        : key.startsWith("m:") ? (trial.means[study.metrics.indexOf(key.slice(2))] ?? null) : (trial.params[study.params.indexOf(key.slice(2))] ?? null);
    const sign = direction === "DESC" ? -1 : 1;
    return [...study.trials].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
      const [m, n] = [numeric(x), numeric(y)];
      return sign * (m !== null && n !== null ? m - n : String(x).localeCompare(String(y)));
    });
  }, [study, key, direction]);
  const names = endings(study.params);
  return (
    <div style={{ height: "calc(100vh - 240px)", minHeight: "320px", display: "grid" }}>
      <VirtualTable
        label="Trials"
        total={rows.length}
        rowAt={(index) => rows[index]}
        rowKey={(trial) => String(trial.number)}
        onRange={() => {}}
        sort={{ key, descending: direction === "DESC" }}
        onSort={(sort) => setQuery({ sort: `${sort.key} ${sort.descending ? "DESC" : "ASC"}` })}
        columns={[
          { key: "rank", head: "Rank", width: 84, number: true, sortable: true, cell: (trial) => trial.rank },
          { key: "number", head: "Trial", width: 80, number: true, sortable: true, rowHead: true, cell: (trial) => trial.number },
          ...study.metrics.map((metric, index) => ({
            key: `m:${metric}`, head: metric, width: 170, number: true, sortable: true,
            cell: (trial: Trial) => <>{number(trial.means[index], 5)} <span class="faint">± {number(trial.stds[index], 2)}</span></>,
          })),
          ...study.params.map((name, index) => ({
            key: `p:${name}`, head: <span title={name}>{names[index]}</span>, width: Math.max(110, names[index]!.length * 8 + 24), sortable: true,
            cell: (trial: Trial) => <span class="mono">{cell(trial.params[index])}</span>,
          })),
          ...(study.resource ? [{ key: "resource", head: study.resource, width: 120, number: true, sortable: true, cell: (trial: Trial) => number(trial.resource) }] : []),
          ...(study.trials.some((trial) => trial.fit_s !== null) ? [{ key: "fit", head: "Fit", width: 90, number: true, sortable: true, cell: (trial: Trial) => duration(trial.fit_s) }] : []),
          { key: "how", head: "How", width: 150, cell: (trial) => <How trial={trial} folds={study.folds} running={!!study.running} /> },
        ]}
      />
    </div>
  );
}

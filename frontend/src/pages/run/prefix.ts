import type { MetricSummary } from "../../../generated/api";

/** `train/loss` and `train/acc` under `train`; what has no prefix comes first. */
export function byPrefix(metrics: MetricSummary[]): [string, MetricSummary[]][] {
  const groups = new Map<string, MetricSummary[]>();
  for (const metric of metrics) {
    const at = metric.key.lastIndexOf("/");
    const prefix = at > 0 ? metric.key.slice(0, at) : "";
    groups.set(prefix, [...(groups.get(prefix) ?? []), metric]);
  }
  return [...groups].sort(([a], [b]) => (a === "" ? -1 : b === "" ? 1 : a.localeCompare(b)));
}

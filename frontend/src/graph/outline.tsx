/** The same nodes as a list: for keyboards, readers, and those who like lists. */
import { useMemo, useState } from "preact/hooks";
import type { Graph } from "../../generated/api";
import { duration } from "../text/format";
import { type Branch, outline, title } from "./model";

const FIRST = 200;

export function GraphOutline({ graph, selected, onSelect }: { graph: Graph; selected: string | null; onSelect: (id: string) => void }) {
  const trees = useMemo(() => outline(graph), [graph.id]);
  const [all, showAll] = useState(false);
  let left = all ? Infinity : FIRST;
  const drawn = (branches: Branch[]): preact.ComponentChild => (
    <ul>
      {branches.map((branch) => {
        if (left <= 0) return null;
        left -= 1;
        const node = graph.nodes[branch.index]!;
        return (
          <li key={`${branch.index}${branch.again}`}>
            <button type="button" aria-current={node.id === selected} onClick={() => onSelect(node.id)}>
              <i class="swatch" style={{ color: `var(--${node.decision ?? (node.kind === "value" ? "pruned" : "computed")})` }} />
              <span class="clip grow">{title(node)}{branch.again && <span class="faint"> (above)</span>}</span>
              {node.wall_s > 0 && <span class="faint small number">{duration(node.wall_s)}</span>}
            </button>
            {branch.children.length > 0 && drawn(branch.children)}
          </li>
        );
      })}
    </ul>
  );
  const list = drawn(trees);
  return (
    <nav class="outline" aria-label="Outline of the graph">
      {list}
      {left <= 0 && <button type="button" class="button small" onClick={() => showAll(true)}>Show all {graph.nodes.length}</button>}
    </nav>
  );
}

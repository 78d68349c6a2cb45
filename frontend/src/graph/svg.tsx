/** The graph as SVG: for up to 400 nodes, each an element that can be focused. */
import type { Graph } from "../../generated/api";
import type { Camera } from "./camera";
import { clipped, most, type Overlay, pathText, stripe, subtitle, title } from "./model";

export function SvgGraph({ graph, camera, selected, lit, dimmed, overlay, onSelect, onOpen }: {
  graph: Graph;
  camera: Camera;
  selected: string | null;
  lit: ReadonlySet<string>;
  dimmed: boolean;
  overlay: Overlay;
  onSelect: (id: string) => void;
  onOpen: (id: string) => void;
}) {
  const top = most(graph);
  const isLit = (index: number) => lit.has(graph.nodes[index]!.id);
  return (
    <svg aria-hidden="true">
      <defs>
        <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 1 7 4 0 7" fill="none" stroke="var(--line-strong)" stroke-width="1.4" /></marker>
      </defs>
      <g transform={`translate(${camera.x} ${camera.y}) scale(${camera.scale})`}>
        {graph.edges.map((edge, index) => {
          const on = isLit(edge.source) && isLit(edge.target);
          return (
            <path key={index} class={`g-edge ${on ? "lit" : dimmed ? "dim" : ""}`} d={pathText(edge.points)} marker-end="url(#arrow)">
              {edge.names.length > 0 && <title>{edge.names.join(", ")}</title>}
            </path>
          );
        })}
        {graph.nodes.map((node) => {
          const { colour, share } = stripe(node, overlay, top);
          const [left, upper] = [node.x - node.width / 2, node.y - node.height / 2];
          const isValue = node.kind === "value";
          return (
            <g
              key={node.id}
              class={`g-node ${node.id === selected ? "focus" : ""} ${dimmed && !lit.has(node.id) ? "dim" : ""}`}
              transform={`translate(${left.toFixed(1)} ${upper.toFixed(1)})`}
              onClick={() => onSelect(node.id)}
              onDblClick={() => onOpen(node.id)}
            >
              <title>{`${node.operation || node.label}${node.reason ? `\n${node.reason}` : ""}`}</title>
              <rect class="box" width={node.width} height={node.height} rx={isValue ? node.height / 2 : 8} stroke-dasharray={node.decision === "pruned" ? "4 3" : undefined} />
              <rect class="stripe" x={isValue ? 10 : 6} y={node.height - 6 - (node.height - 12) * share} width="4" height={Math.max(0, (node.height - 12) * share)} rx="2" style={{ fill: `var(${colour})` }} />
              <text x="18" y={node.height / 2 - 3}>{clipped(title(node), node.width - 26)}</text>
              <text class="sub" x="18" y={node.height / 2 + 12}>{clipped(subtitle(node, overlay), node.width - 26, 6)}</text>
              {node.hidden_up > 0 && <text class="sub" x="-4" y={node.height / 2 + 4} text-anchor="end">+{node.hidden_up}</text>}
              {node.hidden_down > 0 && <text class="sub" x={node.width + 4} y={node.height / 2 + 4}>+{node.hidden_down}</text>}
            </g>
          );
        })}
      </g>
    </svg>
  );
}

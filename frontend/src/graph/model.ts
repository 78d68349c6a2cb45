/** The graph as the views need it: neighbours, the tree for readers, paths, colours. Pure functions. */
import type { Graph, GraphNode } from "../../generated/api";
import { bytes, duration, shortName } from "../text/format";
import type { Box } from "./camera";

export interface Neighbours {
  up: number[][];
  down: number[][];
}

export function neighbours(graph: Graph): Neighbours {
  const up: number[][] = graph.nodes.map(() => []);
  const down: number[][] = graph.nodes.map(() => []);
  for (const edge of graph.edges) {
    down[edge.source]!.push(edge.target);
    up[edge.target]!.push(edge.source);
  }
  return { up, down };
}

/** All that is reached from a point, itself included. */
export function reached(next: number[][], start: number): Set<number> {
  const found = new Set([start]);
  for (const at of found) for (const to of next[at] ?? []) found.add(to);
  return found;
}

/** A line of the outline: the graph as a tree, each node unfolded once. */
export interface Branch {
  index: number;
  children: Branch[];
  again: boolean;
}

/** The graph as trees: what has nothing before it stands at the top. */
export function outline(graph: Graph, most = 3000): Branch[] {
  const { up, down } = neighbours(graph);
  const told = new Set<number>();
  const branch = (index: number): Branch => {
    if (told.has(index)) return { index, children: [], again: true };
    told.add(index);
    return { index, again: false, children: told.size > most ? [] : (down[index] ?? []).map(branch) };
  };
  const roots = graph.nodes.map((_, index) => index).filter((index) => !up[index]!.length);
  return (roots.length ? roots : graph.nodes.length ? [0] : []).map(branch);
}

/** The node next to one in a direction on the screen. */
export function towards(graph: Graph, from: number, key: string): number | null {
  const start = graph.nodes[from];
  const direction = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
  if (!start || !direction) return null;
  let best: number | null = null;
  let least = Infinity;
  graph.nodes.forEach((node, index) => {
    const [dx, dy] = [node.x - start.x, node.y - start.y];
    const along = dx * direction[0]! + dy * direction[1]!;
    const aside = Math.abs(dx * direction[1]!) + Math.abs(dy * direction[0]!);
    if (index === from || along <= 1 || aside > along * 3) return;
    const far = along + aside * 2;
    if (far < least) [best, least] = [index, far];
  });
  return best;
}

export function bounds(nodes: Pick<GraphNode, "x" | "y" | "width" | "height">[]): Box {
  const box: Box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const node of nodes) {
    box.left = Math.min(box.left, node.x - node.width / 2);
    box.right = Math.max(box.right, node.x + node.width / 2);
    box.top = Math.min(box.top, node.y - node.height / 2);
    box.bottom = Math.max(box.bottom, node.y + node.height / 2);
  }
  return nodes.length ? box : { left: 0, top: 0, right: 1, bottom: 1 };
}

export type Overlay = "decision" | "cost" | "reuse" | "kind";

const KINDS: Record<string, string> = { value: "--pruned", read: "--series-2", run: "--accent", event: "--accent", fit: "--series-5", pick: "--pruned" };

/** The variable of the colour of a node's stripe, and how full it is. */
export function stripe(node: GraphNode, overlay: Overlay, most: { cost: number; saved: number }): { colour: string; share: number } {
  if (overlay === "cost") return { colour: "--running", share: most.cost ? Math.sqrt(node.wall_s / most.cost) : 0 };
  if (overlay === "reuse") return { colour: "--reused", share: most.saved ? Math.sqrt(node.saved_s / most.saved) : 0 };
  if (overlay === "decision" && node.decision) return { colour: `--${node.decision}`, share: 1 };
  return { colour: KINDS[node.kind] ?? "--computed", share: 1 };
}

export function most(graph: Graph): { cost: number; saved: number } {
  let [cost, saved] = [0, 0];
  for (const node of graph.nodes) {
    cost = Math.max(cost, node.wall_s);
    saved = Math.max(saved, node.saved_s);
  }
  return { cost, saved };
}

export function title(node: GraphNode): string {
  return node.label || shortName(node.operation) || node.id.slice(0, 8);
}

/** The second line of a node. */
export function subtitle(node: GraphNode, overlay: Overlay): string {
  if (overlay === "reuse" && node.saved_s > 0) return `saved ${duration(node.saved_s)}`;
  const parts = [node.decision ?? node.kind];
  if (node.wall_s > 0 && node.kind !== "value") parts.push(duration(node.wall_s));
  if (node.size_bytes > 0) parts.push(bytes(node.size_bytes));
  return parts.join(" · ");
}

/** As many characters as fit in so many pixels of the nodes' font. */
export function clipped(text: string, width: number, perCharacter = 7): string {
  const room = Math.max(3, Math.floor(width / perCharacter));
  return text.length > room ? `${text.slice(0, room - 1)}…` : text;
}

/** A smooth line through points that come as x, y, x, y …, level where it meets the nodes. */
export function curve(points: number[], draw: { move: (x: number, y: number) => void; bend: (a: number, b: number, c: number, d: number, x: number, y: number) => void }): void {
  for (let at = 0; at + 1 < points.length; at += 2) {
    const [x, y] = [points[at]!, points[at + 1]!];
    if (at === 0) draw.move(x, y);
    else {
      const [x0, y0] = [points[at - 2]!, points[at - 1]!];
      const half = (x - x0) / 2;
      draw.bend(x0 + half, y0, x - half, y, x, y);
    }
  }
}

export function pathText(points: number[]): string {
  let text = "";
  curve(points, {
    move: (x, y) => (text += `M${x.toFixed(1)} ${y.toFixed(1)}`),
    bend: (...at) => (text += `C${at.map((one) => one.toFixed(1)).join(" ")}`),
  });
  return text;
}

/** The graph on a canvas: for many nodes; less detail the smaller it is drawn. */
import type { Graph } from "../../generated/api";
import { colour } from "../theme";
import { type Camera, seen } from "./camera";
import { clipped, curve, most, type Overlay, stripe, subtitle, title } from "./model";

export interface Look {
  selected: string | null;
  lit: ReadonlySet<string>;
  dimmed: boolean;
  overlay: Overlay;
}

const TEXT_FROM = 0.45;
const STRIPE_FROM = 0.16;

export function paint(canvas: HTMLCanvasElement, graph: Graph, camera: Camera, look: Look): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.translate(camera.x, camera.y);
  context.scale(camera.scale, camera.scale);
  const view = seen(camera, width, height);
  paintEdges(context, graph, camera, look, view);
  paintNodes(context, graph, camera, look, view);
}

function paintEdges(context: CanvasRenderingContext2D, graph: Graph, camera: Camera, look: Look, view: ReturnType<typeof seen>): void {
  const draw = { move: (x: number, y: number) => context.moveTo(x, y), bend: context.bezierCurveTo.bind(context) };
  for (const lit of [false, true]) {
    context.beginPath();
    for (const edge of graph.edges) {
      const on = look.lit.has(graph.nodes[edge.source]!.id) && look.lit.has(graph.nodes[edge.target]!.id);
      if (on !== lit) continue;
      const { points } = edge;
      const [x0, x1] = [points[0]!, points[points.length - 2]!];
      if (Math.max(x0, x1) < view.left || Math.min(x0, x1) > view.right) continue;
      let [low, high] = [Infinity, -Infinity];
      for (let at = 1; at < points.length; at += 2) {
        low = Math.min(low, points[at]!);
        high = Math.max(high, points[at]!);
      }
      if (high < view.top || low > view.bottom) continue;
      if (camera.scale < STRIPE_FROM) {
        context.moveTo(x0, points[1]!);
        context.lineTo(x1, points[points.length - 1]!);
      } else curve(points, draw);
    }
    context.globalAlpha = lit ? 1 : look.dimmed ? 0.25 : camera.scale < STRIPE_FROM ? 0.5 : 0.9;
    context.strokeStyle = colour(lit ? "--accent" : "--line-strong");
    context.lineWidth = (lit ? 2.2 : 1.3) / Math.max(0.4, Math.min(1, camera.scale * 1.4));
    context.stroke();
  }
  context.globalAlpha = 1;
}

function paintNodes(context: CanvasRenderingContext2D, graph: Graph, camera: Camera, look: Look, view: ReturnType<typeof seen>): void {
  const top = most(graph);
  const names = ["--bg-raised", "--line-strong", "--accent", "--text", "--text-soft"];
  const [back, line, accent, text, soft] = names.map(colour) as [string, string, string, string, string];
  const colours = new Map<string, string>();
  const named = (name: string) => {
    if (!colours.has(name)) colours.set(name, colour(name));
    return colours.get(name)!;
  };
  context.lineWidth = 1.2;
  for (const node of graph.nodes) {
    const [left, upper] = [node.x - node.width / 2, node.y - node.height / 2];
    if (left > view.right || left + node.width < view.left || upper > view.bottom || upper + node.height < view.top) continue;
    const { colour: name, share } = stripe(node, look.overlay, top);
    context.globalAlpha = look.dimmed && !look.lit.has(node.id) ? 0.28 : 1;
    if (camera.scale < STRIPE_FROM) {
      context.fillStyle = named(name);
      context.globalAlpha *= 0.35 + 0.65 * share;
      context.fillRect(left, upper, node.width, node.height);
      if (node.id === look.selected) {
        context.strokeStyle = accent;
        context.lineWidth = 3 / camera.scale;
        context.strokeRect(left, upper, node.width, node.height);
        context.lineWidth = 1.2;
      }
      continue;
    }
    context.beginPath();
    context.roundRect(left, upper, node.width, node.height, node.kind === "value" ? node.height / 2 : 8);
    context.fillStyle = back;
    context.fill();
    if (camera.scale < TEXT_FROM) {
      // Too small for words: the colour says it.
      const before = context.globalAlpha;
      context.globalAlpha = before * (0.12 + 0.4 * share);
      context.fillStyle = named(name);
      context.fill();
      context.globalAlpha = before;
    }
    context.strokeStyle = node.id === look.selected ? accent : line;
    context.lineWidth = node.id === look.selected ? 2.6 : 1.2;
    context.stroke();
    context.fillStyle = named(name);
    const size = (node.height - 12) * share;
    context.fillRect(left + (node.kind === "value" ? 10 : 6), upper + node.height - 6 - size, 4, size);
    if (camera.scale < TEXT_FROM) continue;
    context.fillStyle = text;
    context.font = "540 12.5px ui-sans-serif, system-ui, sans-serif";
    context.fillText(clipped(title(node), node.width - 26), left + 18, node.y - 3);
    context.fillStyle = soft;
    context.font = "11px ui-sans-serif, system-ui, sans-serif";
    context.fillText(clipped(subtitle(node, look.overlay), node.width - 26, 6), left + 18, node.y + 12);
  }
  context.globalAlpha = 1;
}

/** The graph with its camera: drag to move, wheel to zoom, arrows to walk; SVG or canvas by size. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Graph } from "../../generated/api";
import { Button } from "../components/basic";
import { useTheme } from "../theme";
import { bounds, type Overlay, title, towards } from "./model";
import { type Camera, centred, fitted, toDrawing, zoomed } from "./camera";
import { paint } from "./paint";
import { SvgGraph } from "./svg";

export const MOST_SVG = 400;
const NONE: ReadonlySet<string> = new Set();
const READABLE = 0.5;

export function GraphView({ graph, selected, onSelect, onOpen = onSelect, lit = NONE, overlay = "decision", label }: {
  graph: Graph;
  selected: string | null;
  onSelect: (id: string) => void;
  onOpen?: (id: string) => void;
  lit?: ReadonlySet<string>;
  overlay?: Overlay;
  label: string;
}) {
  const place = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [camera, setCamera] = useState<Camera>({ x: 0, y: 0, scale: 1 });
  const { dark } = useTheme();
  const drag = useRef<{ x: number; y: number; moved: boolean } | null>(null);
  const box = useMemo(() => bounds(graph.nodes), [graph.id]);
  const large = graph.nodes.length >= MOST_SVG;
  const fit = () => setCamera(fitted(box, size.width, size.height));

  useLayoutEffect(() => {
    const element = place.current!;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (!size.width) return;
    const whole = fitted(box, size.width, size.height);
    const focus = graph.nodes[graph.focus[0] ?? -1];
    // A graph that would be too small to read opens at its focus.
    setCamera(whole.scale >= READABLE || !focus || large ? whole : centred({ ...whole, scale: 0.8 }, focus, size.width, size.height));
  }, [graph.id, size.width > 0]);
  useEffect(() => {
    if (!large || !canvas.current) return;
    const frame = requestAnimationFrame(() => {
      paint(canvas.current!, graph, camera, { selected, lit, dimmed: lit.size > 0, overlay });
      place.current?.setAttribute("data-drawn", graph.id);
    });
    return () => cancelAnimationFrame(frame);
  }, [graph, camera, size, selected, lit, overlay, dark, large]);
  useEffect(() => {
    const element = place.current!;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const frame = element.getBoundingClientRect();
      const at = { x: event.clientX - frame.left, y: event.clientY - frame.top };
      setCamera((before) => zoomed(before, Math.exp(-event.deltaY * 0.0016), at));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, []);

  const middle = { x: size.width / 2, y: size.height / 2 };
  const hit = (event: MouseEvent): string | null => {
    const frame = place.current!.getBoundingClientRect();
    const at = toDrawing(camera, { x: event.clientX - frame.left, y: event.clientY - frame.top });
    const room = Math.max(0, 3 / camera.scale);
    return graph.nodes.find((node) => Math.abs(node.x - at.x) <= node.width / 2 + room && Math.abs(node.y - at.y) <= node.height / 2 + room)?.id ?? null;
  };
  const walk = (index: number | null) => {
    const node = index === null ? undefined : graph.nodes[index];
    if (!node) return;
    onSelect(node.id);
    setCamera((before) => {
      const at = { x: node.x * before.scale + before.x, y: node.y * before.scale + before.y };
      const inside = at.x > 60 && at.y > 40 && at.x < size.width - 60 && at.y < size.height - 40;
      return inside ? before : centred(before, node, size.width, size.height);
    });
  };
  const pressed = (event: KeyboardEvent) => {
    if ((event.target as Element).matches("button")) return;
    const at = graph.nodes.findIndex((node) => node.id === selected);
    if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      walk(at < 0 ? (graph.focus[0] ?? 0) : towards(graph, at, event.key));
    } else if (event.key === "+" || event.key === "=") setCamera(zoomed(camera, 1.3, middle));
    else if (event.key === "-") setCamera(zoomed(camera, 1 / 1.3, middle));
    else if (event.key === "0") fit();
    else if (event.key === "Enter" && selected) onOpen(selected);
  };
  const current = graph.nodes.find((node) => node.id === selected);
  return (
    <div
      ref={place}
      class="graph"
      tabIndex={0}
      role="group"
      aria-roledescription="lineage graph"
      aria-label={`${label}: ${graph.nodes.length} nodes, ${graph.edges.length} edges. Arrow keys walk; the outline lists the same nodes`}
      onKeyDown={pressed}
      onPointerDown={(event) => {
        if ((event.target as Element).closest("button")) return;
        drag.current = { x: event.clientX, y: event.clientY, moved: false };
      }}
      onPointerMove={(event) => {
        const from = drag.current;
        if (!from || !event.buttons) return;
        const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
        if (!from.moved && Math.abs(dx) + Math.abs(dy) < 4) return;
        place.current?.classList.add("dragging");
        drag.current = { x: event.clientX, y: event.clientY, moved: true };
        setCamera((before) => ({ ...before, x: before.x + dx, y: before.y + dy }));
      }}
      onPointerUp={(event) => {
        place.current?.classList.remove("dragging");
        const from = drag.current;
        drag.current = null;
        if (large && from && !from.moved) {
          const id = hit(event);
          if (id) onSelect(id);
        }
      }}
      onDblClick={(event) => {
        const id = large ? hit(event) : null;
        if (id) onOpen(id);
      }}
    >
      {large
        ? <canvas ref={canvas} aria-hidden="true" />
        : <SvgGraph graph={graph} camera={camera} selected={selected} lit={lit} dimmed={lit.size > 0} overlay={overlay} onSelect={onSelect} onOpen={onOpen} />}
      <span class="visually-hidden" aria-live="polite">{current ? `${title(current)}, ${current.decision ?? current.kind}` : ""}</span>
      <Legend overlay={overlay} />
      <div class="zoom">
        <Button icon="plus" kind="small" label="Zoom in" onClick={() => setCamera(zoomed(camera, 1.3, middle))} />
        <Button icon="minus" kind="small" label="Zoom out" onClick={() => setCamera(zoomed(camera, 1 / 1.3, middle))} />
        <Button icon="fit" kind="small" label="Fit the graph" onClick={fit} />
      </div>
    </div>
  );
}

const LEGENDS: Record<Overlay, [string, string][]> = {
  decision: [["--computed", "computed"], ["--reused", "reused"], ["--pruned", "pruned, value"], ["--failed", "failed"]],
  kind: [["--computed", "step"], ["--series-5", "fit"], ["--series-2", "read"], ["--accent", "run"], ["--pruned", "value"]],
  cost: [["--running", "fuller: took longer"]],
  reuse: [["--reused", "fuller: reuse saved more"]],
};

function Legend({ overlay }: { overlay: Overlay }) {
  return (
    <div class="legend" aria-hidden="true">
      {LEGENDS[overlay].map(([name, text]) => <span key={text}><i style={{ color: `var(${name})` }} />{text}</span>)}
    </div>
  );
}

import { expect, test } from "vitest";
import type { Graph, GraphNode } from "../generated/api";
import { centred, fitted, seen, toDrawing, zoomed } from "../src/graph/camera";
import { bounds, clipped, most, neighbours, outline, pathText, reached, stripe, towards } from "../src/graph/model";

function node(index: number, x: number, y: number, more: Partial<GraphNode> = {}): GraphNode {
  return {
    id: `n${index}`, kind: "step", label: `step ${index}`, operation: "m:f", decision: "computed", reason: null, wall_s: index, saved_s: 0,
    size_bytes: 0, created_ms: 0, irreproducible: false, distance: 0, hidden_up: 0, hidden_down: 0, layer: 0, x, y, width: 100, height: 40, ...more,
  };
}

/** 0 → 1 → 3 and 0 → 2 → 3. */
const diamond: Graph = {
  id: "g", focus: [0], width: 500, height: 200, truncated: false,
  nodes: [node(0, 50, 100), node(1, 200, 50), node(2, 200, 150), node(3, 350, 100)],
  edges: [[0, 1], [0, 2], [1, 3], [2, 3]].map(([source, target]) => ({ source: source!, target: target!, names: [], points: [0, 0, 1, 1] })),
};

test("neighbours and what is reached", () => {
  const { up, down } = neighbours(diamond);
  expect(down[0]).toEqual([1, 2]);
  expect([...reached(up, 3)].sort()).toEqual([0, 1, 2, 3]);
  expect([...reached(down, 1)].sort()).toEqual([1, 3]);
});

test("the outline tells each node once, and says where it was told", () => {
  const [root] = outline(diamond);
  expect(root!.index).toBe(0);
  expect(root!.children.map((child) => child.index)).toEqual([1, 2]);
  expect(root!.children[1]!.children[0]).toEqual({ index: 3, children: [], again: true });
});

test("a graph that is a ring has an outline", () => {
  const ring = { ...diamond, edges: [...diamond.edges, { source: 3, target: 0, names: [], points: [] }] };
  expect(outline(ring)).toHaveLength(1);
});

test("arrow keys walk to the nearest node in their direction", () => {
  expect(towards(diamond, 0, "ArrowRight")).toBe(1);
  expect(towards(diamond, 1, "ArrowDown")).toBe(2);
  expect(towards(diamond, 3, "ArrowLeft")).toBe(1);
  expect(towards(diamond, 0, "ArrowLeft")).toBeNull();
  expect(towards(diamond, 0, "x")).toBeNull();
});

test("cameras", () => {
  const camera = { x: 10, y: 20, scale: 0.5 };
  const at = { x: 100, y: 60 };
  const before = toDrawing(camera, at);
  const after = toDrawing(zoomed(camera, 2, at), at);
  expect(after.x).toBeCloseTo(before.x);
  expect(after.y).toBeCloseTo(before.y);
  expect(zoomed(camera, 1e9, at).scale).toBeLessThanOrEqual(3);
  const box = bounds(diamond.nodes);
  expect(box).toEqual({ left: 0, top: 30, right: 400, bottom: 170 });
  const view = seen(fitted(box, 300, 200), 300, 200);
  expect(view.left <= box.left && view.right >= box.right && view.top <= box.top && view.bottom >= box.bottom).toBe(true);
  expect(toDrawing(centred(camera, { x: 7, y: 9 }, 300, 200), { x: 150, y: 100 })).toEqual({ x: 7, y: 9 });
  expect(bounds([])).toEqual({ left: 0, top: 0, right: 1, bottom: 1 });
});

test("stripes show what is chosen", () => {
  const top = most(diamond);
  expect(top.cost).toBe(3);
  expect(stripe(diamond.nodes[3]!, "cost", top)).toEqual({ colour: "--running", share: 1 });
  expect(stripe(diamond.nodes[0]!, "cost", top).share).toBe(0);
  expect(stripe(diamond.nodes[0]!, "reuse", top).share).toBe(0);
  expect(stripe(node(9, 0, 0, { decision: "reused" }), "decision", top).colour).toBe("--reused");
  expect(stripe(node(9, 0, 0, { decision: null, kind: "value" }), "decision", top).colour).toBe("--pruned");
});

test("lines and texts", () => {
  expect(pathText([0, 0, 10, 5])).toBe("M0.0 0.0C5.0 0.0 5.0 5.0 10.0 5.0");
  expect(pathText([])).toBe("");
  expect(clipped("abcdefghij", 42)).toBe("abcde…");
});

// Agents, models and tools of a trace as a graph derived from its tree; repeats are one node with a count.
import { Graph as Layered, layout } from "@dagrejs/dagre";
import { useMemo } from "react";
import { duration } from "../lib/format";
import { familyOf, type Family } from "../lib/types_of_spans";
import type { TraceTree } from "../lib/trace";
import { Empty, Glyph } from "./ui";

interface Node {
  key: string;
  label: string;
  type: string;
  family: Family;
  spans: number[];
  errors: number;
}

const NODES_MAX = 150;
const SHOWN: Family[] = ["agent", "model", "tool", "retrieval", "check"];
const [WIDTH, HEIGHT] = [190, 46];

export function graphOf(tree: TraceTree): { nodes: Map<string, Node>; edges: Map<string, { from: string; to: string; count: number }> } {
  const nodes = new Map<string, Node>();
  const edges = new Map<string, { from: string; to: string; count: number }>();
  const above: string[] = [];
  for (let at = 0; at < tree.n; at += 1) {
    const type = tree.types[at] as string;
    const family = familyOf(type);
    const parent = (tree.parent[at] as number) >= 0 ? (above[tree.parent[at] as number] ?? "") : "";
    const isRoot = (tree.parent[at] as number) < 0;
    if (!SHOWN.includes(family) && !isRoot) {
      above[at] = parent;
      continue;
    }
    const label = (family === "model" ? tree.models[at] : family === "agent" ? tree.agents[at] : family === "tool" ? tree.tools[at] : "") || (tree.names[at] as string);
    const key = `${family}\t${label}`;
    const node = nodes.get(key) ?? { key, label, type, family, spans: [], errors: 0 };
    node.spans.push(at);
    if (tree.states[at] === "ERROR") node.errors += 1;
    nodes.set(key, node);
    above[at] = key;
    if (!parent || parent === key) continue;
    const edge = edges.get(`${parent}\n${key}`) ?? { from: parent, to: key, count: 0 };
    edge.count += 1;
    edges.set(`${parent}\n${key}`, edge);
  }
  return { nodes, edges };
}

export default function Graph({ tree, onSpan }: { tree: TraceTree; onSpan: (id: string) => void }) {
  const drawn = useMemo(() => {
    const { nodes, edges } = graphOf(tree);
    if (nodes.size > NODES_MAX) return null;
    const graph = new Layered();
    graph.setGraph({ rankdir: "LR", nodesep: 18, ranksep: 70, marginx: 16, marginy: 16 });
    graph.setDefaultEdgeLabel(() => ({}));
    for (const node of nodes.values()) graph.setNode(node.key, { width: WIDTH, height: HEIGHT });
    for (const edge of edges.values()) graph.setEdge(edge.from, edge.to);
    layout(graph);
    const size = graph.graph() as { width?: number; height?: number };
    return {
      nodes: [...nodes.values()].map((node) => ({ ...node, ...(graph.node(node.key) as { x: number; y: number }) })),
      edges: [...edges.values()].map((edge) => ({ ...edge, points: (graph.edge(edge.from, edge.to) as { points: { x: number; y: number }[] }).points })),
      width: size.width ?? 400,
      height: size.height ?? 300,
    };
  }, [tree]);
  if (!drawn) return <Empty title="Too many different agents and tools for a picture" />;
  return (
    <div className="page" tabIndex={0} aria-label="Graph of agents and tools">
      <p className="muted">Derived from the tree of spans: who called whom, and how often. A node leads to its first span.</p>
      <div style={{ position: "relative", width: drawn.width, height: drawn.height }}>
        <svg width={drawn.width} height={drawn.height} aria-hidden="true" style={{ position: "absolute", inset: 0 }}>
          <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0l8 4-8 4z" fill="var(--line-strong)" /></marker></defs>
          {drawn.edges.map((edge) => {
            const middle = edge.points[Math.floor(edge.points.length / 2)];
            return (
              <g key={`${edge.from}${edge.to}`}>
                <path d={edge.points.map((point, index) => `${index ? "L" : "M"}${point.x} ${point.y}`).join("")} fill="none" stroke="var(--line-strong)" markerEnd="url(#arrow)" />
                {edge.count > 1 && middle && <text x={middle.x} y={middle.y - 5} fontSize={11} textAnchor="middle" fill="var(--muted)">×{edge.count}</text>}
              </g>
            );
          })}
        </svg>
        {drawn.nodes.map((node) => (
          <button key={node.key} className="button" style={{ position: "absolute", left: node.x - WIDTH / 2, top: node.y - HEIGHT / 2, width: WIDTH, height: HEIGHT, display: "grid", gap: 0, padding: "4px 10px", borderColor: node.errors ? "var(--error)" : undefined }}
            onClick={() => onSpan(tree.ids[node.spans[0] as number] as string)}>
            <span className="row"><Glyph type={node.type} /><b className="cut">{node.label}</b></span>
            <span className="muted cut" style={{ fontSize: 11 }}>{node.spans.length > 1 ? `×${node.spans.length} · ` : ""}{duration(node.spans.reduce((sum, at) => sum + (tree.duration[at] as number), 0))}{node.errors ? ` · ▲ ${node.errors}` : ""}</span>
          </button>
        ))}
      </div>
    </div>
  );
}

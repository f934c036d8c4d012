// A trace: header, minimap, tree with waterfall, panel of the chosen span. On a page, in the peek panel, embedded.
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ApiError } from "../lib/api";
import { useKeys } from "../lib/keys";
import { change, go, link, useAddress } from "../lib/router";
import { ancestors, isFiltering, matches, passes, visibleRows, type SpanFilter, type TraceTree } from "../lib/trace";
import { SPAN_TYPES } from "../lib/types_of_spans";
import { useTrace } from "../lib/useTrace";
import { useAssess } from "./Feedback";
import { Minimap } from "./Minimap";
import { SpanPanel, type PanelTab } from "./SpanPanel";
import { SpanTree, type Zoom } from "./SpanTree";
import { TraceHead } from "./TraceHead";
import { Bones, Empty, ErrorBox, Glyph, Icon, Menu, Splitter } from "./ui";

const Transcript = lazy(() => import("./Transcript"));
const Graph = lazy(() => import("./Graph"));

export type Layout = "page" | "peek" | "embed" | "queue";

interface Props {
  project: string;
  traceId: string;
  layout: Layout;
  onClose?: () => void;
  siblings?: { previous?: string; next?: string };
}

export default function TraceView(props: Props) {
  const answer = useTrace(props.project, props.traceId);
  if (answer.isPending) return <Bones lines={16} />;
  if (answer.isError) {
    const isMissing = answer.error instanceof ApiError && answer.error.status === 404;
    return isMissing ? <Empty title="No such trace"><span className="mono">{props.traceId}</span><span>It may have been deleted, or not have arrived yet.</span><button className="button" onClick={() => void answer.refetch()}>Ask again</button></Empty>
      : <ErrorBox error={answer.error} retry={() => void answer.refetch()} />;
  }
  return <Shown {...props} tree={answer.data} />;
}

function useSize() {
  const [width, setWidth] = useState(800);
  const watcher = useRef<ResizeObserver | null>(null);
  const ref = useCallback((element: HTMLElement | null) => {
    watcher.current?.disconnect();
    if (!element) return;
    watcher.current = new ResizeObserver(([entry]) => { if (entry) setWidth(Math.round(entry.contentRect.width)); });
    watcher.current.observe(element);
  }, []);
  return [ref, width] as const;
}

function Shown({ project, layout, tree, onClose, siblings }: Props & { tree: TraceTree }) {
  const { parameters } = useAddress();
  const [boxRef, boxWidth] = useSize();
  const [treeRef, treeWidth] = useSize();
  const [folded, setFolded] = useState<Set<string>>(new Set());
  const [filter, setFilter] = useState<SpanFilter>({ find: parameters.get("find") ?? "", types: new Set(), errorsOnly: false, minNs: 0 });
  const [zoom, setZoom] = useState<Zoom>({ from: 0, to: tree.totalNs });
  const [showCritical, setCritical] = useState(false);
  const [share, setShare] = useState(46);
  const [part, setPart] = useState<"tree" | "panel">("tree");
  const isStacked = layout === "peek" || layout === "queue" || boxWidth < 760;
  const isNarrow = boxWidth < 640;
  const mode = parameters.get("mode") ?? "waterfall";
  const tab = parameters.get("tab") ?? "";
  const chosen = tree.indexOf.get(parameters.get("span") ?? "") ?? defaultSpan(tree);
  const found = useMemo(() => {
    if (!filter.find) return null;
    return new Set(Array.from({ length: tree.n }, (_, at) => at).filter((at) => matches(tree, at, filter.find)));
  }, [tree, filter.find]);
  const rows = useMemo(() => visibleRows(tree, folded, isFiltering(filter) ? (at) => passes(tree, at, filter) : null), [tree, folded, filter]);
  const choose = useCallback((at: number, how: "push" | "replace" = "replace"): void => {
    const hidden = ancestors(tree, at).filter((above) => folded.has(tree.ids[above] as string));
    if (hidden.length) setFolded(new Set([...folded].filter((id) => !hidden.some((above) => tree.ids[above] === id))));
    change({ span: tree.ids[at] ?? null }, how);
  }, [tree, folded]);
  const onSpan = useCallback((id: string): void => {
    const at = tree.indexOf.get(id);
    if (at !== undefined) choose(at, "push");
  }, [tree, choose]);
  const fold = (at: number, to?: boolean): void => {
    const next = new Set(folded);
    const id = tree.ids[at] as string;
    if (to ?? !next.has(id)) next.add(id);
    else next.delete(id);
    setFolded(next);
  };
  const branches = (): Set<string> => new Set(tree.ids.filter((_, at) => (tree.end[at] as number) > at + 1 && (tree.depth[at] as number) > 0));
  const step = (by: number): void => {
    const next = rows[Math.min(rows.length - 1, Math.max(0, rows.indexOf(chosen) + by))];
    if (next !== undefined) choose(next);
  };
  const jump = (from: number[], by: number): void => {
    const next = by > 0 ? from.find((at) => at > chosen) ?? from[0] : from.findLast((at) => at < chosen) ?? from.at(-1);
    if (next !== undefined) choose(next);
  };
  const errors = useMemo(() => tree.states.flatMap((state, at) => (state === "ERROR" ? [at] : [])), [tree]);
  const hits = found ? [...found] : [];
  const assess = useAssess(project, tree.info.trace_id);
  const rate = (name: string, value: boolean | number) => (): void => assess.mutate({ name, value });
  const fit = (): void => {
    const from = tree.start[chosen] as number;
    const length = Math.max(1000, tree.duration[chosen] as number);
    setZoom({ from: Math.max(0, from - length * 0.05), to: Math.min(tree.totalNs, from + length * 1.05) });
  };
  const isFolded = folded.has(tree.ids[chosen] as string);
  const left = (): void => {
    if ((tree.end[chosen] as number) > chosen + 1 && !isFolded) fold(chosen, true);
    else if ((tree.parent[chosen] as number) >= 0) choose(tree.parent[chosen] as number);
  };
  const right = (): void => { if (isFolded) fold(chosen, false); else step(1); };
  const setMode = (name: string): void => change({ mode: name === "waterfall" ? null : name });
  const walk = (to: string | undefined): void => { if (to) go(link(`/p/${project}/trace/${to}`, { list: parameters.get("list"), tab, mode: parameters.get("mode") })); };
  const judging = {
    u: rate("user", true), d: rate("user", false),
    ...Object.fromEntries([1, 2, 3, 4, 5].map((n) => [String(n), rate("score", n)])),
  };
  const everywhere = {
    ...(layout === "queue" ? {} : judging), // a queue has a rubric of its own
    m: () => change({ tab: "feedback" }, "replace"),
    r: () => change({ tab: tab === "raw" ? null : "raw" }, "replace"),
    e: () => jump(errors, 1), E: () => jump(errors, -1), n: () => jump(hits, 1), N: () => jump(hits, -1),
    p: () => setCritical(!showCritical),
  };
  useKeys(layout === "peek" || layout === "queue" ? everywhere : {
    ...everywhere,
    j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1),
    h: left, ArrowLeft: left, l: right, ArrowRight: right,
    H: () => setFolded(branches()), L: () => setFolded(new Set()),
    Home: () => rows[0] !== undefined && choose(rows[0]), End: () => rows.length && choose(rows.at(-1) as number),
    PageDown: () => step(20), PageUp: () => step(-20),
    f: fit, "0": () => setZoom({ from: 0, to: tree.totalNs }),
    w: () => setMode("waterfall"), t: () => setMode("chat"), v: () => setMode("graph"),
    J: () => walk(siblings?.next), K: () => walk(siblings?.previous),
    Escape: () => (onClose ? onClose() : filter.find ? setFilter({ ...filter, find: "" }) : undefined),
  });
  useEffect(() => setZoom((known) => (known.to > tree.totalNs || known.from === 0 ? { from: 0, to: tree.totalNs } : known)), [tree.totalNs]);
  const present = SPAN_TYPES.filter((type) => tree.types.includes(type));
  const panel = tree.n > 0 && <SpanPanel project={project} tree={tree} at={chosen} tab={tab} onTab={(name: PanelTab) => change({ tab: name }, "replace")} onSpan={onSpan} />;
  const treePane = (
    <>
      {!isNarrow && <Minimap tree={tree} zoom={zoom} onZoom={setZoom} width={treeWidth} />}
      <div className="tools">
        <input id="find" className="input" type="search" style={{ width: 150 }} placeholder="Find in spans" aria-label="Find in spans" value={filter.find}
          onChange={(event) => setFilter({ ...filter, find: event.target.value })}
          onKeyDown={(event) => { if (event.key === "Enter") jump(hits, event.shiftKey ? -1 : 1); if (event.key === "Escape") event.currentTarget.blur(); }} />
        {found && <span className="muted" role="status">{found.size} found</span>}
        <Menu side="left" className="button small" label={<>Types{filter.types.size > 0 && <span className="chip accent">{filter.types.size}</span>}<Icon name="down" /></>}>
          {() => present.map((type) => (
            <label key={type} className="item"><input type="checkbox" checked={filter.types.has(type)} onChange={() => {
              const types = new Set(filter.types);
              if (!types.delete(type)) types.add(type);
              setFilter({ ...filter, types });
            }} /><Glyph type={type} />{type}</label>
          ))}
        </Menu>
        {errors.length > 0 && <button className="button small danger" aria-pressed={filter.errorsOnly} onClick={() => setFilter({ ...filter, errorsOnly: !filter.errorsOnly })}>Errors {errors.length}</button>}
        <button className="button small hide-s" aria-pressed={showCritical} title="What the end waited for (p)" onClick={() => setCritical(!showCritical)}>Critical path</button>
        <span className="grow" />
        {(zoom.from > 0 || zoom.to < tree.totalNs) && <button className="button small" onClick={() => setZoom({ from: 0, to: tree.totalNs })}>Whole time</button>}
        <button className="button small hide-s" onClick={() => setFolded(folded.size ? new Set() : branches())}>{folded.size ? "Unfold" : "Fold"}</button>
        <span className="muted">{rows.length === tree.n ? `${tree.n} spans` : `${rows.length} of ${tree.n}`}</span>
      </div>
      {tree.missing.length > 0 && <div className="notice" style={{ margin: 0 }}><span>{tree.missing.length === 1 ? "A parent" : `${tree.missing.length} parents`} of these spans {tree.missing.length === 1 ? "is" : "are"} not stored: not sent, or sent elsewhere.</span></div>}
      <SpanTree tree={tree} rows={rows} current={chosen} folded={folded} onCurrent={(at) => { choose(at); if (isNarrow) setPart("panel"); }} onFold={fold} zoom={zoom} onZoom={setZoom} found={found} showCritical={showCritical} width={treeWidth} />
    </>
  );
  return (
    <div ref={boxRef} style={{ display: "flex", flexDirection: "column", flex: 1, minHeight: 0, minWidth: 0, height: "100%" }}>
      <TraceHead tree={tree} project={project} layout={layout} mode={mode} onMode={setMode} onClose={onClose} siblings={siblings} onWalk={walk} />
      {mode !== "waterfall" ? (
        <Suspense fallback={<Bones />}>
          {mode === "graph" ? <Graph tree={tree} onSpan={(id) => { onSpan(id); setMode("waterfall"); }} /> : <Transcript project={project} tree={tree} onSpan={(id) => { change({ span: id, mode: null }); }} />}
        </Suspense>
      ) : isNarrow ? (
        <>
          <div className="tabs" role="tablist"><button role="tab" aria-selected={part === "tree"} onClick={() => setPart("tree")}>Tree</button><button role="tab" aria-selected={part === "panel"} onClick={() => setPart("panel")}>Span</button></div>
          <div ref={treeRef} style={{ flex: 1, minHeight: 0, display: part === "tree" ? "flex" : "none", flexDirection: "column" }}>{treePane}</div>
          {part === "panel" && panel}
        </>
      ) : isStacked ? (
        <>
          <div ref={treeRef} style={{ flex: "0 0 42%", minHeight: 0, display: "flex", flexDirection: "column", borderBottom: "1px solid var(--line)" }}>{treePane}</div>
          {panel}
        </>
      ) : (
        <div className="split">
          <div className="left" ref={treeRef}>{treePane}</div>
          <Splitter value={share} onChange={setShare} label="Width of the span panel" />
          <div className="right" style={{ width: `${share}%` }}>{panel}</div>
        </div>
      )}
    </div>
  );
}

/** The first error, else the first call of a model, else the root. */
function defaultSpan(tree: TraceTree): number {
  const deepest = tree.states.findLastIndex((state) => state === "ERROR");
  if (tree.info.state === "ERROR" && deepest >= 0) return deepest;
  const call = tree.types.lastIndexOf("LLM");
  return Math.max(0, call);
}

// Tree and waterfall in one treegrid: virtual rows of one height, bars on a time axis that zooms.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { count, duration, exact, money } from "../lib/format";
import type { TraceTree } from "../lib/trace";
import { familyOf } from "../lib/types_of_spans";
import { visible } from "../lib/text";
import { ErrorMark, Glyph } from "./ui";

const ROW = 24;
const DEEP = 12;
const INDENT = 14;
const INDENT_DEEP = 4;

export interface Zoom {
  from: number;
  to: number;
}

interface Props {
  tree: TraceTree;
  rows: number[];
  current: number;
  folded: Set<string>;
  onCurrent: (at: number) => void;
  onFold: (at: number) => void;
  onOpen?: () => void;
  zoom: Zoom;
  onZoom: (zoom: Zoom) => void;
  found: Set<number> | null;
  showCritical: boolean;
  width: number;
}

const TICKS = [0, 0.2, 0.4, 0.6, 0.8];

export function SpanTree({ tree, rows, current, folded, onCurrent, onFold, zoom, onZoom, found, showCritical, width }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 16 });
  const row = rows.indexOf(current);
  useEffect(() => {
    if (row >= 0) virtual.scrollToIndex(row, { align: "auto" });
  }, [row, virtual]);
  const isWide = width > 720;
  const hasMoney = tree.info.total_tokens > 0;
  const template = width < 420 ? "minmax(0, 1fr) 76px" : `minmax(180px, ${isWide ? "42%" : "48%"}) minmax(0, 1fr) 72px${isWide ? " 72px" : ""}${isWide && hasMoney ? " 92px 64px" : ""}`;
  const hasLane = width >= 420;
  const span = Math.max(1, zoom.to - zoom.from);
  const place = (ns: number): number => ((ns - zoom.from) / span) * 100;
  const manyServices = servicesOf(tree).length > 1;
  useEffect(() => {
    const element = box.current;
    const wheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const lane = element?.querySelector(".ticks")?.getBoundingClientRect();
      const share = lane ? Math.min(1, Math.max(0, (event.clientX - lane.left) / lane.width)) : 0.5;
      onZoom(zoomedAt(zoom, share, event.deltaY > 0 ? 1.25 : 0.8, tree.totalNs));
    };
    element?.addEventListener("wheel", wheel, { passive: false });
    return () => element?.removeEventListener("wheel", wheel);
  }, [zoom, onZoom, tree.totalNs]);
  return (
    <div className="tree" ref={box} role="treegrid" aria-label="Spans" aria-rowcount={rows.length + 1} tabIndex={0} id="spans" aria-activedescendant={row >= 0 ? `span-${current}` : undefined}>
      <div role="rowgroup">
        <div className="head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
          <span role="columnheader" style={{ paddingLeft: 12 }}>Span</span>
          {hasLane && <span role="columnheader" className="ticks" aria-label="Time">{TICKS.map((share) => <span key={share} style={{ left: `${share * 100}%` }}>{share === 0 && zoom.from === 0 ? "0" : duration(zoom.from + share * span)}</span>)}</span>}
          <span role="columnheader" className="num">Duration</span>
          {isWide && <span role="columnheader" className="num">Self</span>}
          {isWide && hasMoney && <><span role="columnheader" className="num">Tokens</span><span role="columnheader" className="num">Cost</span></>}
        </div>
      </div>
      <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map((item) => {
          const at = rows[item.index] as number;
          const depth = tree.depth[at] as number;
          const isBranch = (tree.end[at] as number) > at + 1;
          const isFolded = folded.has(tree.ids[at] as string);
          const state = tree.states[at] ?? "OK";
          const start = tree.start[at] as number;
          const length = tree.duration[at] as number;
          const ttft = tree.ttft[at] as number;
          const family = familyOf(tree.types[at] as string);
          const errorsBelow = isFolded ? errorsIn(tree, at) : 0;
          const owns = tree.scopes[at] === "own";
          return (
            <div key={at} id={`span-${at}`} role="row" aria-rowindex={item.index + 2} aria-level={depth + 1} aria-expanded={isBranch ? !isFolded : undefined} aria-selected={at === current}
              aria-posinset={item.index + 1} aria-setsize={rows.length}
              className={`span${at === current ? " current" : ""}${found && !found.has(at) ? " faint" : ""}`}
              style={{ gridTemplateColumns: template, transform: `translateY(${item.start}px)` }}
              onClick={() => onCurrent(at)} onDoubleClick={() => isBranch && onFold(at)}>
              <div role="rowheader" className="name" style={{ paddingLeft: 4 + Math.min(depth, DEEP) * INDENT + Math.max(0, depth - DEEP) * INDENT_DEEP, boxShadow: manyServices ? `inset 3px 0 ${serviceColour(tree, at)}` : undefined }} title={titleOf(tree, at)}>
                {isBranch ? <button className="fold" tabIndex={-1} aria-label={isFolded ? "Unfold" : "Fold"} onClick={(event) => { event.stopPropagation(); onFold(at); }}>{isFolded ? "▸" : "▾"}</button> : <span className="fold" />}
                {depth > DEEP && <span className="depthno">{depth}</span>}
                <Glyph type={tree.types[at] as string} />
                {state === "ERROR" && <ErrorMark />}
                <span className="cut iso">{visible(tree.names[at] ?? "") || "(no name)"}</span>
                {isFolded && <span className="tag">+{exact((tree.end[at] as number) - at - 1)}</span>}
                {errorsBelow > 0 && <span className="tag is-error">▲ {errorsBelow}</span>}
                {((tree.flags[at] as number) & 1) === 1 && <span className="tag" title="Its parent is not stored">parent missing</span>}
                {((tree.flags[at] as number) & 2) === 2 && <span className="tag" title="Parents in a circle: the link was cut here">circle cut</span>}
                {tree.skew[at] !== 0 && <span className="tag" title="Moved: its clock differs from its parent's">⏱ {(tree.skew[at] as number) > 0 ? "+" : ""}{duration(tree.skew[at])}</span>}
                <span className="tag cut hide-s">{tree.models[at] && tree.types[at] === "LLM" ? tree.models[at] : ""}</span>
              </div>
              {hasLane && (
                <div role="gridcell" className="lane">
                  <span className={`bar b-${family} ${state}`} style={{ left: `${place(start)}%`, width: `${(length / span) * 100}%` }}>
                    {ttft > 0 && length > 0 && <i style={{ width: `${Math.min(100, (ttft / length) * 100)}%` }} title={`first token after ${duration(ttft)}`} />}
                  </span>
                  {showCritical && tree.critical[at] === 1 && <span className="critical" style={{ left: `${place(start)}%`, width: `${(length / span) * 100}%` }} />}
                </div>
              )}
              <span role="gridcell" className="num">{state === "IN_PROGRESS" ? <span className="muted">running</span> : duration(length)}</span>
              {isWide && <span role="gridcell" className="num muted">{isBranch ? duration(tree.self[at]) : ""}</span>}
              {isWide && hasMoney && (
                <>
                  <span role="gridcell" className={`num${owns ? "" : " muted"}`} title={owns ? "counted in the totals" : "not counted: told of elsewhere"}>{tree.input[at] || tree.output[at] ? `${owns ? "" : "("}${count(tree.input[at] || 0)} → ${count(tree.output[at] || 0)}${owns ? "" : ")"}` : ""}</span>
                  <span role="gridcell" className={`num${owns ? "" : " muted"}`}>{Number.isNaN(tree.cost[at]) ? "" : owns || !tree.cost[at] ? money(tree.cost[at]) : `(${money(tree.cost[at])})`}</span>
                </>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

export function zoomedAt(zoom: Zoom, share: number, factor: number, totalNs: number): Zoom {
  const centre = zoom.from + (zoom.to - zoom.from) * share;
  const width = Math.min(totalNs, Math.max(1000, (zoom.to - zoom.from) * factor));
  const from = Math.min(Math.max(0, centre - width * share), totalNs - width);
  return { from, to: from + width };
}

function errorsIn(tree: TraceTree, at: number): number {
  let found = 0;
  for (let below = at + 1; below < (tree.end[at] as number); below += 1) if (tree.states[below] === "ERROR") found += 1;
  return found;
}

const STRIPES = ["var(--line-strong)", "var(--link)", "var(--tool)", "var(--retrieval)", "var(--check)", "var(--agent)"];

function serviceColour(tree: TraceTree, at: number): string {
  return STRIPES[servicesOf(tree).indexOf(tree.services[at] as string) % STRIPES.length] ?? "var(--line)";
}

const services = new WeakMap<TraceTree, string[]>();

function servicesOf(tree: TraceTree): string[] {
  const known = services.get(tree) ?? [...new Set(tree.services)];
  services.set(tree, known);
  return known;
}

function titleOf(tree: TraceTree, at: number): string {
  return [tree.names[at], tree.types[at], tree.services[at], tree.models[at], `starts at +${duration(tree.start[at])}, takes ${duration(tree.duration[at])}, ${duration(tree.self[at])} of its own`].filter(Boolean).join("\n");
}

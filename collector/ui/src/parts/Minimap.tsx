// The whole trace in forty pixels: every span a line, errors as ticks, the visible window; dragging zooms.
import { useEffect, useRef, useState, type PointerEvent } from "react";
import type { TraceTree } from "../lib/trace";
import { familyOf } from "../lib/types_of_spans";
import { usePreference } from "../lib/preferences";
import type { Zoom } from "./SpanTree";

const HEIGHT = 40;
const DEPTHS = 12;

export function Minimap({ tree, zoom, onZoom, width }: { tree: TraceTree; zoom: Zoom; onZoom: (zoom: Zoom) => void; width: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drag, setDrag] = useState<[number, number] | null>(null);
  const [theme] = usePreference("theme");
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context) return;
    const ratio = devicePixelRatio || 1;
    element.width = Math.max(1, width) * ratio;
    element.height = HEIGHT * ratio;
    context.scale(ratio, ratio);
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
    const x = (ns: number): number => (ns / tree.totalNs) * width;
    for (let at = 0; at < tree.n; at += 1) {
      context.fillStyle = colours(colour, familyOf(tree.types[at] as string));
      const y = 4 + Math.min(tree.depth[at] as number, DEPTHS) * 2.6;
      context.fillRect(x(tree.start[at] as number), y, Math.max(1, x(tree.duration[at] as number)), 2);
    }
    context.fillStyle = colour("error");
    for (let at = 0; at < tree.n; at += 1) if (tree.states[at] === "ERROR") context.fillRect(x(tree.start[at] as number) - 1, 0, 2, HEIGHT);
    const [from, to] = drag ? [Math.min(...drag), Math.max(...drag)] : [x(zoom.from), x(zoom.to)];
    context.globalAlpha = 0.5;
    context.fillStyle = colour("surface-3");
    context.fillRect(0, 0, from, HEIGHT);
    context.fillRect(to, 0, width - to, HEIGHT);
    context.globalAlpha = 1;
  }, [tree, zoom, width, drag, theme]);
  const at = (event: PointerEvent<HTMLCanvasElement>): number => event.clientX - event.currentTarget.getBoundingClientRect().left;
  return (
    <canvas ref={canvas} className="minimap" role="img" aria-label="The whole trace; drag to zoom, double-click for all of it"
      onPointerDown={(event) => { event.currentTarget.setPointerCapture(event.pointerId); setDrag([at(event), at(event)]); }}
      onPointerMove={(event) => drag && setDrag([drag[0], at(event)])}
      onPointerUp={(event) => {
        if (!drag) return;
        const [from, to] = [Math.min(drag[0], at(event)), Math.max(drag[0], at(event))];
        setDrag(null);
        if (to - from > 4) onZoom({ from: Math.max(0, (from / width) * tree.totalNs), to: Math.min(tree.totalNs, (to / width) * tree.totalNs) });
      }}
      onDoubleClick={() => onZoom({ from: 0, to: tree.totalNs })}
    />
  );
}

const cache = new Map<string, string>();

/** Reading a style for each of fifty thousand spans would take longer than drawing them. */
function colours(read: (name: string) => string, family: string): string {
  const key = `${document.documentElement.dataset.theme}${family}`;
  const known = cache.get(key) ?? read(family);
  cache.set(key, known);
  return known;
}

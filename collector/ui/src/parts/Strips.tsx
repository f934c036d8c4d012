// Three strips over time with one cursor: count and errors, latency, cost. Dragging picks a range.
import { useRef, useState, type PointerEvent } from "react";
import { count, duration, exact, millis, minute, money } from "../lib/format";
import { useStrips, type Question } from "../lib/lists";
import { between } from "../lib/range";
import { change } from "../lib/router";
import type { AggregateRow } from "../lib/types";

interface Point {
  at: number;
  count: number;
  errors: number;
  p50: number;
  p95: number;
  cost: number;
  tokens: number;
}

const num = (value: unknown): number => (typeof value === "number" ? value : Number(value ?? 0) || 0);

const pointOf = (row: AggregateRow): Point => ({
  at: millis(row.bucket_start_unix_nano ?? 0),
  count: num(row.count),
  errors: num(row.error_count),
  p50: num(row.p50),
  p95: num(row.p95),
  cost: num(row.cost_usd),
  tokens: num(row.total_tokens),
});

export function Strips({ question, enabled }: { question: Question; enabled: boolean }) {
  const answer = useStrips(question, enabled);
  const [cursor, setCursor] = useState<number | null>(null);
  const [brush, setBrush] = useState<[number, number] | null>(null);
  const points = (answer.data?.rows ?? []).map(pointOf);
  const width = answer.seconds * 1000;
  const isAll = question.range.text === "all";
  const fromMs = isAll && points.length ? Math.min(...points.map((each) => each.at)) : question.range.fromMs;
  const span = Math.max(1, question.range.toMs - fromMs);
  const under = cursor === null ? undefined : points.find((each) => each.at <= cursor && cursor < each.at + width);
  const total = (pick: (point: Point) => number): number => points.reduce((sum, point) => sum + pick(point), 0);
  const at = (event: PointerEvent<SVGSVGElement>): number => {
    const box = event.currentTarget.getBoundingClientRect();
    return fromMs + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * span;
  };
  const started = useRef(0);
  const handlers = {
    onPointerDown: (event: PointerEvent<SVGSVGElement>) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      started.current = at(event);
      setBrush([started.current, started.current]);
    },
    onPointerMove: (event: PointerEvent<SVGSVGElement>) => {
      setCursor(at(event));
      if (brush) setBrush([started.current, at(event)]);
    },
    onPointerUp: (event: PointerEvent<SVGSVGElement>) => {
      const [from, to] = [Math.min(started.current, at(event)), Math.max(started.current, at(event))];
      setBrush(null);
      if (to - from > span / 100) change({ range: between(from, to), peek: null });
    },
    onPointerLeave: () => setCursor(null),
    onDoubleClick: () => history.back(),
  };
  const x = (ms: number): number => ((ms - fromMs) / span) * 1000;
  const shared = (
    <>
      {cursor !== null && <line className="cursor" x1={x(cursor)} x2={x(cursor)} y1={0} y2={48} />}
      {brush && <rect className="brush" x={x(Math.min(...brush))} width={Math.abs(x(brush[1]) - x(brush[0]))} y={0} height={48} />}
    </>
  );
  const peak = Math.max(1, ...points.map((each) => each.count));
  const slow = Math.max(1, ...points.map((each) => each.p95));
  const dear = Math.max(1e-9, ...points.map((each) => each.cost));
  const w = Math.max(1.5, (width / span) * 1000 - 1);
  const line = (pick: (point: Point) => number): string =>
    points.map((each) => `${x(each.at + width / 2).toFixed(1)},${(46 - (pick(each) / slow) * 42).toFixed(1)}`).join(" ");
  const when = under ? minute(under.at) : "";
  return (
    <section className={`strips${answer.isPlaceholderData ? " dim" : ""}`} aria-label="Over time; drag over a strip for a range">
      <div className="strip">
        <header><span>{question.of === "traces" ? "Traces" : "Spans"}</span><b>{count(under ? under.count : total((each) => each.count))}</b>
          <span>errors <b>{count(under ? under.errors : total((each) => each.errors))}</b></span><span className="grow num">{when}</span></header>
        <svg viewBox="0 0 1000 48" preserveAspectRatio="none" role="img" aria-label={`${exact(total((each) => each.count))} ${question.of} over time`} {...handlers}>
          {points.map((each) => {
            const height = Math.max(1.5, (each.count / peak) * 46);
            const bad = each.errors ? Math.max(2, (Math.min(each.errors, each.count) / peak) * 46) : 0;
            return (
              <g key={each.at}>
                <rect className="c1" x={x(each.at)} width={w} y={48 - height} height={height} />
                {bad > 0 && <rect className="c2" x={x(each.at)} width={w} y={48 - bad} height={bad} />}
              </g>
            );
          })}
          {shared}
        </svg>
      </div>
      <div className="strip">
        <header><span>Latency</span>
          {under ? <><span>p50 <b>{duration(under.p50)}</b></span><span>p95 <b>{duration(under.p95)}</b></span></> : <span>p50 and p95 (dashed), up to <b>{points.length ? duration(slow) : "–"}</b></span>}
          <span className="grow num">{when}</span></header>
        <svg viewBox="0 0 1000 48" preserveAspectRatio="none" role="img" aria-label="Latency over time" {...handlers}>
          {points.length === 1 ? points.map((each) => <g key={1}><rect className="c1" x={x(each.at)} width={w} y={2} height={46} /></g>) : (
            <><polyline className="l2" points={line((each) => each.p95)} /><polyline className="l1" points={line((each) => each.p50)} /></>
          )}
          {shared}
        </svg>
      </div>
      <div className="strip">
        <header><span>Cost</span><b>{money(under ? under.cost : total((each) => each.cost))}</b><span>tokens <b>{count(under ? under.tokens : total((each) => each.tokens))}</b></span><span className="grow num">{when}</span></header>
        <svg viewBox="0 0 1000 48" preserveAspectRatio="none" role="img" aria-label="Cost over time" {...handlers}>
          {points.map((each) => <rect key={each.at} className="c1" x={x(each.at)} width={w} y={48 - (each.cost / dear) * 46} height={(each.cost / dear) * 46} />)}
          {shared}
        </svg>
      </div>
    </section>
  );
}

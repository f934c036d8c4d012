// A session as a conversation: what was asked and answered, turn by turn, with what each turn took.
import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { ask, projectOf, query } from "../lib/api";
import { quoted } from "../lib/filter";
import { duration, millis, money, plural, time, tokens } from "../lib/format";
import { Link, link } from "../lib/router";
import { visible } from "../lib/text";
import { familyOf } from "../lib/types_of_spans";
import type { Entry, ListPage } from "../lib/types";
import { useTrace } from "../lib/useTrace";
import { Content } from "../parts/Content";
import { Bones, CopyButton, Empty, ErrorBox, StateMark } from "../parts/ui";

const TURNS_MAX = 1000;
const GAP_MS = 5 * 60_000;

export default function SessionPage({ project, sessionId }: { project: string; sessionId: string }) {
  const filter = `session_id = ${quoted(sessionId)}`;
  const answer = useQuery({
    queryKey: ["session", project, sessionId],
    queryFn: ({ signal }) => ask<ListPage>(`api/v1/traces${query({ project: projectOf(project), filter, order_by: "start_time", limit: TURNS_MAX })}`, { signal }),
  });
  const totals = useQuery({
    queryKey: ["sessiontotals", project, sessionId],
    queryFn: ({ signal }) => ask<{ rows: Record<string, number>[] }>("api/v1/aggregate", { signal, body: { project: projectOf(project), of: "traces", filter, metrics: ["count", "error_count", "input_tokens", "output_tokens", "cost_usd"] } }),
  });
  const box = useRef<HTMLDivElement>(null);
  const turns = answer.data?.traces ?? [];
  const virtual = useVirtualizer({ count: turns.length, getScrollElement: () => box.current, estimateSize: () => 190, overscan: 3 });
  if (answer.isPending) return <Bones />;
  if (answer.isError) return <ErrorBox error={answer.error} retry={() => void answer.refetch()} />;
  const first = turns[0];
  if (!first) return <Empty title="No traces of this session"><span className="mono iso">{visible(sessionId)}</span></Empty>;
  const sum = totals.data?.rows[0];
  let cost = 0;
  const costs = turns.map((turn) => (cost += turn.cost_usd ?? 0));
  return (
    <>
      <div className="tracehead">
        <div className="row"><h2 className="cut iso grow" style={{ fontSize: 15 }}>{visible(sessionId)}</h2><CopyButton text={sessionId} label="Copy the session's id" /><Link className="button small" to={link(`/p/${project}/traces`, { q: filter, range: "all" })}>Its traces</Link></div>
        <div className="facts">
          <span><b>{plural(turns.length, "turn")}</b></span>
          <span>{time(first.start_time_unix_nano)} – {time(turns.at(-1)?.start_time_unix_nano)}</span>
          {sum && <><span>tokens <b>{tokens(sum.input_tokens, sum.output_tokens)}</b></span><span>cost <b>{money(sum.cost_usd)}</b></span></>}
          {first.user_id && <span>user <Link to={`/p/${project}/users/${encodeURIComponent(first.user_id)}`} className="iso">{visible(first.user_id)}</Link></span>}
          {turns.some((turn) => turn.state === "ERROR") && <span className="is-error">{plural(turns.filter((turn) => turn.state === "ERROR").length, "failed turn")}</span>}
        </div>
      </div>
      <div className="page" ref={box} tabIndex={0} aria-label="Conversation">
        <div style={{ height: virtual.getTotalSize(), position: "relative", maxWidth: 1180, margin: "0 auto" }}>
          {virtual.getVirtualItems().map((item) => {
            const turn = turns[item.index] as Entry;
            const before = turns[item.index - 1];
            const pause = before ? millis(turn.start_time_unix_nano) - millis(before.start_time_unix_nano) - before.duration_ns / 1e6 : 0;
            return (
              <div key={item.key} data-index={item.index} ref={virtual.measureElement} style={{ position: "absolute", left: 0, right: 0, top: 0, transform: `translateY(${item.start}px)` }}>
                {pause > GAP_MS && <div className="gap">{duration(pause * 1e6)} later</div>}
                <Turn turn={turn} number={item.index + 1} soFar={costs[item.index] ?? 0} />
              </div>
            );
          })}
        </div>
        {answer.data.next_page_token && <p className="muted">The first {TURNS_MAX} turns are shown.</p>}
      </div>
    </>
  );
}

function Turn({ turn, number, soFar }: { turn: Entry; number: number; soFar: number }) {
  const to = link(`/p/${turn.project}/trace/${turn.trace_id}`);
  return (
    <article className="turn">
      <div className="muted"><div><b>{number}</b></div><div title={turn.trace_id}>{time(turn.start_time_unix_nano).replace(/\.\d+$/, "")}</div></div>
      <div>
        <div className="bubble"><Content value={turn.input_preview} /></div>
        <div className={`bubble answer${turn.state === "ERROR" ? " failed" : ""}`}>{turn.state === "ERROR" && <p className="is-error"><StateMark state="ERROR" word /></p>}<Content value={turn.output_preview} /></div>
      </div>
      <div style={{ display: "grid", gap: 4, alignContent: "start" }}>
        <Link to={to} aria-label={`Trace of turn ${number}`}><Strip turn={turn} /></Link>
        <div className="row muted wrap"><StateMark state={turn.state} /><Link to={to} className="cut">{visible(turn.name)}</Link></div>
        <div className="muted">{duration(turn.duration_ns)} · {turn.span_count} spans</div>
        <div className="muted">{tokens(turn.input_tokens, turn.output_tokens)} · {money(turn.cost_usd)}</div>
        <div className="muted" title="Cost of the session up to here">so far {money(soFar)}</div>
      </div>
    </article>
  );
}

/** The spans of a turn in twenty pixels. */
function Strip({ turn }: { turn: Entry }) {
  const tree = useTrace(turn.project, turn.trace_id).data;
  return (
    <svg viewBox="0 0 200 20" width="100%" height="20" preserveAspectRatio="none" role="img" aria-label={`${turn.span_count} spans`}>
      <rect width="200" height="20" fill="var(--surface-2)" />
      {tree?.ids.slice(0, 400).map((id, at) => (
        <rect key={id} x={((tree.start[at] as number) / tree.totalNs) * 200} width={Math.max(1, ((tree.duration[at] as number) / tree.totalNs) * 200)} y={1 + Math.min(5, tree.depth[at] as number) * 3.2} height="2.600" fill={tree.states[at] === "ERROR" ? "var(--error)" : `var(--${familyOf(tree.types[at] as string)})`} />
      ))}
    </svg>
  );
}

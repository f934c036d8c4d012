// A list of sessions or users: filter, virtual table, keys.
import { useState } from "react";
import { age, count, duration, exact, millis, money, percent, tokens } from "../lib/format";
import { useGroups } from "../lib/groups";
import { useKeys } from "../lib/keys";
import { change, go, useAddress } from "../lib/router";
import { visible } from "../lib/text";
import type { Group } from "../lib/types";
import { FilterBar } from "./FilterBar";
import { Grid, type GridColumn } from "./Grid";
import { useRange } from "./RangePicker";
import { Bones, Empty, ErrorBox, ErrorMark } from "./ui";
import { useWidth } from "../lib/width";

const NAMES = { sessions: "session_id", users: "user_id" } as const;

export function GroupList({ what, project }: { what: "sessions" | "users"; project: string }) {
  const { parameters } = useAddress();
  const range = useRange();
  const width = useWidth();
  const filter = parameters.get("q") ?? "";
  const sort = parameters.get("sort") ?? "";
  const answer = useGroups(what, { project, filter, range, sort });
  const rows = (answer.data?.pages ?? []).flatMap((page) => page.rows);
  const [current, setCurrent] = useState(-1);
  const id = (row: Group): string => row[NAMES[what]] ?? "";
  const open = (row: Group): void => go(`/p/${row.project}/${what}/${encodeURIComponent(id(row))}`);
  const at = rows[current];
  const move = (by: number): void => setCurrent(Math.min(rows.length - 1, Math.max(0, current + by)));
  useKeys({ j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1), Enter: () => at && open(at) });
  const all: (GridColumn<Group> & { least: number })[] = [
    { name: "last", label: "Last active", width: "92px", least: 640, sort: "last_time_unix_nano", show: (row) => age(row.last_time_unix_nano) },
    { name: "id", label: what === "sessions" ? "Session" : "User", width: "minmax(140px, 2fr)", least: 0, sort: NAMES[what], show: (row) => <b className="iso" style={{ fontWeight: 500 }}>{visible(id(row)) || "(none)"}</b>, title: id },
    ...(what === "sessions" ? [{ name: "users", label: "User", width: "minmax(100px, 1fr)", least: 900, show: (row: Group) => <span className="iso">{visible((row.user_ids ?? []).join(", "))}</span> }] : []),
    ...(what === "users" ? [{ name: "sessions", label: "Sessions", width: "72px", least: 640, sort: "session_count", isNumber: true, show: (row: Group) => count(row.session_count) }] : []),
    { name: "traces", label: what === "sessions" ? "Turns" : "Traces", width: "64px", least: 0, sort: "trace_count", isNumber: true, show: (row) => count(row.trace_count) },
    { name: "errors", label: "Failed", width: "104px", least: 0, sort: "failed_trace_count", isNumber: true, show: (row) => (row.failed_trace_count ? <span className="is-error row" style={{ justifyContent: "flex-end", gap: 3 }}><ErrorMark />{count(row.failed_trace_count)} · {percent(row.failed_trace_count / row.trace_count)}</span> : <span className="muted">0</span>) },
    { name: "tokens", label: "Tokens", width: "110px", least: 900, sort: "total_tokens", isNumber: true, show: (row) => tokens(row.input_tokens, row.output_tokens) },
    { name: "cost", label: "Cost", width: "72px", least: 0, sort: "cost_usd", isNumber: true, show: (row) => money(row.cost_usd), title: (row) => `$${exact(row.cost_usd)}` },
    { name: "span", label: "Span of time", width: "96px", least: 900, isNumber: true, show: (row) => duration((millis(row.last_time_unix_nano) - millis(row.first_time_unix_nano)) * 1e6) },
  ];
  return (
    <>
      <div className="filterline"><FilterBar value={filter} project={project} of="traces" range={range} onApply={(q) => change({ q })} onId={(found) => go(`/t/${found}`)} /></div>
      {answer.isError && <ErrorBox error={answer.error} retry={() => void answer.refetch()} />}
      {answer.isPending && <Bones lines={12} />}
      {answer.isSuccess && rows.length === 0 && (
        <Empty title={`No ${what} in this range`}>
          <span>{what === "sessions" ? "A session is what spans name in session.id, gen_ai.conversation.id or thread_id." : "A user is what spans name in user.id or enduser.id: set it on the span of the request."}</span>
          <button className="button" onClick={() => change({ range: "all", q: null })}>Look at all time</button>
        </Empty>
      )}
      {rows.length > 0 && (
        <Grid label={what} rows={rows} columns={all.filter((column) => width >= column.least)} keyOf={(row) => `${row.project}/${id(row)}`} current={current} onCurrent={(index) => { setCurrent(index); const row = rows[index]; if (row) open(row); }} onOpen={open}
          sort={sort} onSort={(next) => change({ sort: next })} onEnd={() => { if (answer.hasNextPage && !answer.isFetchingNextPage) void answer.fetchNextPage(); }} isDim={answer.isPlaceholderData} />
      )}
    </>
  );
}

// The list of traces or spans: filter, facets, strips, virtual table, live, peek, selection.
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ApiError, ask, projectOf, query } from "../lib/api";
import { COLUMNS, columnsOf, DEFAULT_COLUMNS } from "../lib/columns";
import { copyForms } from "../lib/copy";
import { count, exact, millis, plural } from "../lib/format";
import { useKeys } from "../lib/keys";
import { entriesOf, parametersOf, useAggregate, useCount, usePages, type Question } from "../lib/lists";
import { usePreference } from "../lib/preferences";
import { between } from "../lib/range";
import { change, go, hrefOf, link, tidy, useAddress } from "../lib/router";
import type { Entry, ListPage } from "../lib/types";
import { useLive } from "../lib/live";
import { useWidth } from "../lib/width";
import { Chips } from "../parts/Chips";
import { Facets } from "../parts/Facets";
import { FilterBar } from "../parts/FilterBar";
import { Frame } from "../parts/Frame";
import { Grid } from "../parts/Grid";
import { useRange } from "../parts/RangePicker";
import { Selection } from "../parts/Selection";
import { SignIn } from "../parts/SignIn";
import { Strips } from "../parts/Strips";
import { Bones, copy, Empty, ErrorBox, Icon, Menu, Splitter } from "../parts/ui";
import { Views } from "../parts/Views";

const TraceView = lazy(() => import("../parts/TraceView"));

const RAIL_PX = 48;
const FACETS_PX = 220;

const keyOf = (entry: Entry): string => `${entry.project}/${entry.trace_id}/${entry.span_id ?? ""}`;

export function TracesPage({ project }: { project: string }) {
  const { parameters } = useAddress();
  const range = useRange();
  const of = parameters.get("of") === "spans" ? "spans" : "traces";
  const filter = parameters.get("q") ?? "";
  const sort = parameters.get("sort") ?? "";
  const peek = parameters.get("peek");
  const question: Question = useMemo(() => ({ project, of, filter, range, sort }), [project, of, filter, range.text, sort]); // eslint-disable-line react-hooks/exhaustive-deps
  const list = usePages(question);
  const rows = useMemo(() => (list.data?.pages ?? []).flatMap(entriesOf), [list.data]);
  const hasRows = list.isSuccess;
  const counted = useCount(question, hasRows);
  const slow = useAggregate(question, { metrics: ["p95"] }, hasRows);
  const [current, setCurrent] = useState(-1);
  const [selected, setSelected] = useState<Set<string>>(new Set());
  const [facets, setFacets] = usePreference("facets");
  const [facetsOpen, setFacetsOpen] = useState(false);
  const [share, setShare] = useState(55);
  const width = useWidth();
  const [isLive, setLive] = useState(false);
  const [isAtTop, setAtTop] = useState(true);
  const live = useLive(question, rows, isLive, isAtTop && !peek && selected.size === 0);
  const chosenColumns = parameters.get("cols")?.split(",") ?? null;
  const slowNs = Number(slow.data?.rows[0]?.p95 ?? 0) || Math.max(1, ...rows.map((row) => row.duration_ns));
  const setFilter = useCallback((q: string): void => change({ q, peek: null }), []);

  useEffect(() => {
    setCurrent(-1);
    setSelected(new Set());
  }, [question]);
  const traceLink = (entry: Entry): string => link(`/p/${entry.project}/trace/${entry.trace_id}`, { span: entry.span_id, ...listContext(parameters) });
  const open = (entry: Entry): void => go(traceLink(entry));
  const setPeek = (index: number): void => {
    const entry = rows[index];
    setCurrent(index);
    if (entry && width >= 640) change({ peek: entry.trace_id, span: entry.span_id ?? null }, peek ? "replace" : "push");
    else if (entry) open(entry);
  };
  const move = (by: number): void => {
    const next = Math.min(rows.length - 1, Math.max(0, current + by));
    if (peek) setPeek(next);
    else setCurrent(next);
  };
  const at = rows[current];
  const select = (key: string): void => {
    const next = new Set(selected);
    if (!next.delete(key)) next.add(key);
    setSelected(next);
  };
  useKeys({
    j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1),
    Enter: () => at && open(at),
    o: () => { if (at) window.open(hrefOf(traceLink(at)), "_blank", "noopener"); },
    " ": () => current >= 0 && setPeek(current),
    Escape: () => (peek ? change({ peek: null, span: null }) : setSelected(new Set())),
    x: () => at && select(keyOf(at)),
    c: () => compare(rows, selected, project),
    l: () => setLive(!isLive),
    y: () => void copy(location.href, "Link copied"),
  });

  if (list.error instanceof ApiError && [401, 403].includes(list.error.status)) return <SignIn />;
  const showFacetsAt = (peeking: boolean): boolean => facets === "shown" && width >= 800 && !(peeking && width < 1300);
  const room = width - RAIL_PX - (showFacetsAt(Boolean(peek)) ? FACETS_PX : 0);
  const columns = columnsOf(chosenColumns, of, width < 640 ? width : peek ? room * (1 - share / 100) : room);
  const showFacets = showFacetsAt(Boolean(peek));
  const total = counted.data?.rows[0]?.count;
  const pages = list.data?.pages ?? [];
  const elapsed = pages[0]?.elapsedMs;
  const partial = pages.at(-1)?.partial ? pages.at(-1) : undefined;
  return (
    <Frame project={project} page="traces" title={of === "traces" ? "Traces" : "Spans"}>
      <div className="filterline">
        <FilterBar value={filter} project={project} of={of} range={range} onApply={setFilter} onId={(id) => openId(id, project)} />
        <select className="input" aria-label="What is listed" value={of} onChange={(event) => change({ of: event.target.value === "spans" ? "spans" : null, sort: null, peek: null })}>
          <option value="traces">Traces</option>
          <option value="spans">Spans</option>
        </select>
        <Views project={project} />
        <button className="button" aria-pressed={isLive} title="Follow what arrives (l)" onClick={() => setLive(!isLive)}><span className={isLive ? "live" : ""}>Live</span></button>
        <Menu name="Columns" label={<Icon name="columns" />}>
          {() => COLUMNS.filter((column) => !column.of || column.of === of).map((column) => {
            const names = chosenColumns ?? DEFAULT_COLUMNS;
            const isShown = names.includes(column.name);
            return (
              <label key={column.name} className="item">
                <input type="checkbox" checked={isShown} onChange={() => change({ cols: (isShown ? names.filter((name) => name !== column.name) : [...names, column.name]).join(",") }, "replace")} />
                {column.label || "State"}
              </label>
            );
          })}
        </Menu>
        <Menu name="Copy as" label={<Icon name="copy" />}>
          {(close) => copyForms(question).map(([name, text]) => <button key={name} className="item" onClick={() => { void copy(text, `${name} copied`); close(); }}>{name}</button>)}
        </Menu>
      </div>
      <div className="chips">
        <button className="iconbutton" aria-label="Facets" title="Show or hide facets" aria-pressed={showFacets} onClick={() => (width < 800 ? setFacetsOpen(!facetsOpen) : setFacets(facets === "shown" ? "hidden" : "shown"))}><Icon name="facets" /></button>
        <Chips filter={filter} onFilter={setFilter} />
        <span className="muted" role="status">
          {total !== undefined ? <b title={exact(Number(total))}>{count(Number(total))}</b> : rows.length} {of === "traces" ? "traces" : "spans"}
          {list.isFetching && !list.isFetchingNextPage ? " · asking …" : elapsed !== undefined && ` · ${Math.round(elapsed)} ms`}
        </span>
        {live.fresh > 0 && <button className="chip accent" role="status" onClick={live.show}>{plural(live.fresh, "new trace")} – show</button>}
      </div>
      <Strips question={question} enabled={hasRows} />
      {list.isError && <ErrorBox error={list.error} retry={() => void list.refetch()} />}
      <div className={`browse${showFacets ? "" : " nofacets"}${facetsOpen ? " facetsopen" : ""}`}>
        {(showFacets || facetsOpen) && <Facets question={question} enabled={hasRows} onFilter={(next) => { setFacetsOpen(false); setFilter(next); }} />}
        <div className="split">
          <div className="left">
            {selected.size > 0 && <Selection rows={rows.filter((row) => selected.has(keyOf(row)))} project={project} clear={() => setSelected(new Set())} compare={() => compare(rows, selected, project)} />}
            {list.isPending && <Bones lines={14} />}
            {hasRows && rows.length === 0 && !list.isError && <NothingFound question={question} />}
            {rows.length > 0 && (
              <Grid
                label={of === "traces" ? "Traces" : "Spans"} rows={rows} keyOf={keyOf} current={current} onCurrent={setPeek} onOpen={open}
                columns={columns.map((column) => ({ ...column, show: (entry: Entry) => column.show(entry, { slowNs }) }))}
                selected={selected} onSelect={select} sort={sort} onSort={(next) => change({ sort: next })}
                onEnd={() => { if (list.hasNextPage && !list.isFetchingNextPage && !list.isError) void list.fetchNextPage(); }}
                isDim={list.isPlaceholderData} total={Number(total ?? rows.length)} onScrollTop={(top) => setAtTop(top < 4)}
              />
            )}
            {partial && (
              <div className="foot">
                <span>Complete down to {partial.complete_since_unix_nano ? new Date(millis(partial.complete_since_unix_nano)).toLocaleTimeString() : "here"}: the search took too long.</span>
                <button className="button small" onClick={() => void list.fetchNextPage()}>Go on from there</button>
              </div>
            )}
          </div>
          {peek && (
            <>
              <Splitter value={share} onChange={setShare} label="Width of the peek panel" />
              <div className="right peek" style={{ width: `${share}%` }}>
                <Suspense fallback={<Bones />}>
                  <TraceView project={rows.find((row) => row.trace_id === peek)?.project ?? project} traceId={peek} layout="peek" key={peek} onClose={() => change({ peek: null, span: null })} />
                </Suspense>
              </div>
            </>
          )}
        </div>
      </div>
    </Frame>
  );
}

/** What a trace's address keeps of the list it was opened from, so that J and K walk that list. */
function listContext(parameters: URLSearchParams): { list?: string } {
  const kept = new URLSearchParams([...parameters].filter(([name]) => ["q", "range", "sort", "of", "cols"].includes(name)));
  const text = tidy(kept);
  return text ? { list: text } : {};
}

function compare(rows: Entry[], selected: Set<string>, project: string): void {
  const [a, b] = rows.filter((row) => selected.has(keyOf(row)));
  if (a && b) go(`/p/${project}/compare/${a.trace_id}/${b.trace_id}`);
}

/** A pasted id opens its trace, in the range or not; 16 digits are a span. */
async function openId(id: string, project: string): Promise<void> {
  if (id.length === 32) {
    go(`/p/${project}/trace/${id}`);
    return;
  }
  const found = await ask<ListPage>(`api/v1/spans${query({ project: projectOf(project), filter: `span_id = '${id}'`, limit: 1 })}`);
  const span = found.spans?.[0];
  if (span) go(link(`/p/${span.project}/trace/${span.trace_id}`, { span: id }));
  else change({ q: `span_id = '${id}'` });
}

/** An empty list says why, and offers where the newest data is. */
function NothingFound({ question }: { question: Question }) {
  const newest = useQuery({
    queryKey: ["newest", question.project, question.of, question.filter],
    retry: false,
    queryFn: ({ signal }) => ask<ListPage>(`api/v1/${question.of}${query({ ...parametersOf({ ...question, sort: "" }), since: "", until: "", limit: 1 })}`, { signal }),
  });
  const entry = newest.data ? entriesOf(newest.data)[0] : undefined;
  const cache = useQueryClient();
  return (
    <Empty title={`No ${question.of} in this range${question.filter ? " that satisfy the filter" : ""}`}>
      {entry && (
        <button className="button primary" onClick={() => change({ range: between(millis(entry.start_time_unix_nano) - 3_600_000, millis(entry.start_time_unix_nano) + 60_000) })}>
          The newest is of {new Date(millis(entry.start_time_unix_nano)).toLocaleString()} – show it
        </button>
      )}
      {newest.isSuccess && !entry && question.filter && <button className="button" onClick={() => change({ q: null })}>Drop the filter</button>}
      {newest.isSuccess && !entry && !question.filter && <a className="button primary" href={hrefOf("/setup")}>Send a first trace</a>}
      <button className="button" onClick={() => void cache.invalidateQueries()}>Ask again</button>
    </Empty>
  );
}

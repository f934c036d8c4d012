// SQL: schema, editor, virtual result, quick chart, history, downloads.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import type { EditorView } from "@codemirror/view";
import { ApiError, ask, askRaw } from "../lib/api";
import { EXAMPLES } from "../lib/examples";
import { count, exact, plain } from "../lib/format";
import { sql } from "../lib/logs";
import { remember, storedList } from "../lib/preferences";
import { change, Link, useAddress } from "../lib/router";
import { visible } from "../lib/text";
import type { Json } from "../lib/types";
import { Content } from "../parts/Content";
import { Grid, type GridColumn } from "../parts/Grid";
import { Bones, CopyButton, Dialog, Empty, ErrorBox, Icon, Menu, say } from "../parts/ui";

const Chart = lazy(() => import("../parts/Chart"));
const HISTORY_MAX = 50;
const DOWNLOADS = [["CSV", "text/csv", "csv"], ["Parquet", "application/vnd.apache.parquet", "parquet"], ["Arrow", "application/vnd.apache.arrow.file", "arrow"], ["JSON lines", "application/x-ndjson", "ndjson"]] as const;

interface Reply {
  columns: { name: string; type: string }[];
  rows: Json[][];
  truncated: boolean;
  elapsed_ms: number;
  error?: { message: string };
}

export default function SqlPage({ project }: { project: string }) {
  const { parameters } = useAddress();
  const start = parameters.get("query") ?? EXAMPLES[0]?.[1] ?? "";
  const [result, setResult] = useState<Reply | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isRunning, setRunning] = useState(false);
  const [cell, setCell] = useState<{ name: string; value: Json } | null>(null);
  const [showChart, setShowChart] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const text = useRef(start);
  const abort = useRef<AbortController | null>(null);
  const schema = useQuery({
    queryKey: ["schema"],
    staleTime: Infinity,
    queryFn: async ({ signal }) => {
      const { rows } = await sql("SELECT table, name, type FROM system.columns WHERE database = currentDatabase() OR database = 'default' ORDER BY table, position", {}, signal, 10_000).catch(() => sql("SELECT table, name, type FROM system.columns ORDER BY table, position", {}, signal, 10_000));
      const tables = new Map<string, [string, string][]>();
      for (const [table, name, type] of rows) {
        const key = String(table);
        const known = tables.get(key) ?? [];
        if (!known.some(([each]) => each === name)) known.push([String(name), String(type)]);
        tables.set(key, known);
      }
      return tables;
    },
  });
  const functions = useQuery({ queryKey: ["functions"], staleTime: Infinity, retry: false, queryFn: async ({ signal }) => (await sql("SELECT name FROM system.functions ORDER BY name", {}, signal, 10_000)).rows.map(([name]) => String(name)) });

  const run = async (query: string): Promise<void> => {
    abort.current?.abort();
    const mine = new AbortController();
    abort.current = mine;
    setRunning(true);
    setError(null);
    remember("sql", query, HISTORY_MAX);
    change({ query: text.current }, "replace");
    try {
      const reply = await ask<Reply>("api/v1/sql", { signal: mine.signal, body: { query, max_rows: 10_000, quote_64bit_integers: true } });
      setResult(reply);
      if (reply.error) setError(new ApiError(200, reply.error));
    } catch (failure) {
      if (!mine.signal.aborted) setError(failure);
    } finally {
      if (abort.current === mine) setRunning(false);
    }
  };
  const cancel = (): void => {
    abort.current?.abort();
    setRunning(false);
    say("Cancelled");
  };
  const latest = useRef({ run, cancel });
  useEffect(() => {
    latest.current = { run, cancel };
  });
  useEffect(() => {
    if (!schema.isFetched || functions.isLoading) return;
    let alive = true;
    void import("../parts/editor").then(({ makeEditor }) => {
      if (!alive || !box.current) return;
      view.current = makeEditor(box.current, {
        text: text.current,
        schema: Object.fromEntries([...(schema.data ?? [])].map(([table, columns]) => [table, columns.map(([name]) => name)])),
        functions: functions.data ?? [],
        run: (query) => void latest.current.run(query),
        cancel: () => latest.current.cancel(),
        changed: (value) => { text.current = value; },
      });
    });
    return () => {
      alive = false;
      view.current?.destroy();
      view.current = null;
    };
  }, [schema.isFetched, schema.data, functions.isLoading, functions.data]);
  useEffect(() => {
    if (parameters.get("query")) void run(text.current);
  }, []); // eslint-disable-line react-hooks/exhaustive-deps
  const put = (value: string): void => {
    view.current?.dispatch({ changes: { from: 0, to: view.current.state.doc.length, insert: value } });
    text.current = value;
  };
  const insert = (value: string): void => {
    view.current?.dispatch(view.current.state.replaceSelection(value));
    view.current?.focus();
  };
  const download = async (accept: string, ending: string): Promise<void> => {
    try {
      const blob = await (await askRaw("api/v1/sql", { accept, body: { query: text.current, max_rows: 1_000_000 } })).blob();
      const anchor = document.createElement("a");
      anchor.href = URL.createObjectURL(blob);
      anchor.download = `spanhouse.${ending}`;
      anchor.click();
      URL.revokeObjectURL(anchor.href);
    } catch (failure) {
      setError(failure);
    }
  };
  const chart = useMemo(() => (result ? chartOf(result) : null), [result]);
  return (
    <div className="sql">
      <nav className="schema" aria-label="Tables and columns" tabIndex={0}>
        {schema.isPending && <Bones lines={6} />}
        {schema.isError && <ErrorBox error={schema.error} retry={() => void schema.refetch()} />}
        {[...(schema.data ?? [])].map(([table, columns]) => (
          <details key={table}><summary>{table}</summary>{columns.map(([name, type]) => <button key={name} title={`${name} ${type}`} onClick={() => insert(name)}><span className="cut">{name}</span><span className="muted cut">{type.replace("LowCardinality", "LC").slice(0, 18)}</span></button>)}</details>
        ))}
      </nav>
      <div className="work">
        <div className="editor" ref={box} />
        <div className="tools">
          {isRunning ? <button className="button" onClick={cancel}>Cancel</button> : <button className="button primary" onClick={() => void run(text.current)}>Run <span className="hide-s">Ctrl-Enter</span></button>}
          <Menu side="left" label={<>Examples<Icon name="down" /></>}>{(close) => EXAMPLES.map(([name, query]) => <button key={name} className="item" onClick={() => { put(query); close(); void run(query); }}>{name}</button>)}</Menu>
          <Menu side="left" label={<>History<Icon name="down" /></>}>{(close) => storedList("sql").length ? storedList("sql").map((query) => <button key={query} className="item" onClick={() => { put(query); close(); }}><span className="cut mono">{query}</span></button>) : <p className="muted" style={{ padding: 8 }}>Nothing yet</p>}</Menu>
          <Menu side="left" label={<>Download<Icon name="down" /></>}>{(close) => DOWNLOADS.map(([name, accept, ending]) => <button key={name} className="item" onClick={() => { void download(accept, ending); close(); }}>{name}</button>)}</Menu>
          {chart && <button className="button" aria-pressed={showChart} onClick={() => setShowChart(!showChart)}>Chart</button>}
          <span className="grow" />
          {isRunning && <span className="muted" role="status">running …</span>}
          {result && !isRunning && <span className="muted" role="status">{exact(result.rows.length)} rows · {Math.round(result.elapsed_ms)} ms{result.truncated ? " · there are more" : ""}</span>}
        </div>
        {error !== null && <ErrorBox error={error} />}
        {showChart && chart && <div style={{ padding: "8px 12px" }}><Suspense fallback={<Bones lines={3} />}><Chart times={chart.times} series={chart.series} format={count} label="Result over time" kind="line" /></Suspense></div>}
        {!result && error === null && !isRunning && <Empty title="ClickHouse SQL over what is stored, read-only"><span>Ctrl-Enter runs the statement, or what is selected of it.</span></Empty>}
        {result && result.rows.length === 0 && <Empty title="No rows" />}
        {result && result.rows.length > 0 && <Results result={result} project={project} onCell={setCell} />}
      </div>
      <Dialog open={cell !== null} onClose={() => setCell(null)} title={cell?.name ?? ""}>
        <div style={{ width: "min(640px, 80vw)", marginTop: 8 }}><CopyButton text={plain(cell?.value ?? "")} /><Content value={cell?.value} /></div>
      </Dialog>
    </div>
  );
}

const CELL_CHARS = 200;

function Results({ result, project, onCell }: { result: Reply; project: string; onCell: (cell: { name: string; value: Json }) => void }) {
  const [current, setCurrent] = useState(-1);
  const rows = useMemo(() => result.rows.map((values, index) => ({ values, index })), [result]);
  type Row = (typeof rows)[number];
  const columns: GridColumn<Row>[] = result.columns.map(({ name, type }, at) => {
    const isNumber = /^(Nullable\()?(U?Int|Float|Decimal)/.test(type);
    const longest = Math.max(name.length + 2, ...result.rows.slice(0, 50).map((row) => Math.min(46, plain(row[at] ?? "").length)));
    return {
      name: `${at}`, isNumber, width: `${Math.max(70, longest * 7.4 + 8)}px`, label: <span title={type}>{name} <span className="muted">{type.replace(/LowCardinality\((.*)\)/, "$1").replace(/DateTime64\(.*/, "DateTime64").slice(0, 14)}</span></span>,
      show: ({ values }) => <Cell name={name} value={values[at] ?? null} project={project} onCell={onCell} />,
    };
  });
  return <Grid label="Result" rows={rows} columns={columns} keyOf={({ index }) => String(index)} current={current} onCurrent={setCurrent} />;
}

function Cell({ name, value, project, onCell }: { name: string; value: Json; project: string; onCell: (cell: { name: string; value: Json }) => void }) {
  if (value === null) return <span className="muted">NULL</span>;
  const text = plain(value);
  if (name === "trace_id" && /^[0-9a-f]{32}$/.test(text)) return <Link to={`/p/${project}/trace/${text}`} className="mono">{text}</Link>;
  return <span className="iso mono" onDoubleClick={() => onCell({ name, value })} title={text.length > 40 ? "Double-click shows all of it" : undefined}>{visible(text.slice(0, CELL_CHARS)) || <span className="muted">''</span>}</span>;
}

/** The first column of time against the numbers, where there are both. */
function chartOf(result: Reply): { times: number[]; series: { label: string; values: (number | null)[] }[] } | null {
  const at = result.columns.findIndex(({ type }) => /Date/.test(type));
  const numbers = result.columns.flatMap(({ type, name }, index) => (/(U?Int|Float|Decimal)/.test(type) && index !== at && !/Array|Map/.test(type) ? [{ name, index }] : []));
  if (at < 0 || !numbers.length) return null;
  const rows = result.rows.map((row) => ({ row, time: Date.parse(`${plain(row[at] ?? "").replace(" ", "T").slice(0, 19)}${/T| /.test(plain(row[at] ?? "")) ? "Z" : ""}`) / 1000 })).filter(({ time }) => !Number.isNaN(time)).sort((a, b) => a.time - b.time);
  if (rows.length < 2) return null;
  return { times: rows.map(({ time }) => time), series: numbers.slice(0, 6).map(({ name, index }) => ({ label: name, values: rows.map(({ row }) => (row[index] === null ? null : Number(row[index]))) })) };
}

// Log records of any application: text, severity, service, a strip over time, each record unfolded.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { count, iso, time } from "../lib/format";
import { useKeys } from "../lib/keys";
import { logsOf, logsWhere, sql, type LogQuestion, type LogRecord } from "../lib/logs";
import { bucketSeconds } from "../lib/range";
import { change, Link, link, useAddress } from "../lib/router";
import { visible } from "../lib/text";
import { Content } from "../parts/Content";
import { Grid, type GridColumn } from "../parts/Grid";
import { useRange } from "../parts/RangePicker";
import { Bones, Empty, ErrorBox, Icon } from "../parts/ui";
import { useWidth } from "../lib/width";

const Chart = lazy(() => import("../parts/Chart"));
const SEVERITIES: [string, number][] = [["any severity", 0], ["debug and above", 5], ["info and above", 9], ["warnings and above", 13], ["errors and above", 17]];
const PAGE = 200;

export default function LogsPage({ project }: { project: string }) {
  const { parameters } = useAddress();
  const range = useRange();
  const width = useWidth();
  const text = parameters.get("text") ?? "";
  const [typed, setTyped] = useState(text);
  const question: LogQuestion = { project, range, text, severity: Number(parameters.get("severity") ?? 0), service: parameters.get("service") ?? "" };
  const key = [project, range.text, text, question.severity, question.service];
  const answer = useInfiniteQuery({
    queryKey: ["logs", ...key],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => logsOf({ ...question, before: pageParam, limit: PAGE }, signal),
    getNextPageParam: (page) => (page.length < PAGE ? null : (page.at(-1)?.time_unix_nano ?? null)),
  });
  const seconds = bucketSeconds(range, 60);
  const over = useQuery({
    queryKey: ["logstrip", ...key],
    retry: false,
    queryFn: async ({ signal }) => {
      const { where, params } = logsWhere(question);
      const { rows } = await sql(`SELECT toUnixTimestamp(toStartOfInterval(time, INTERVAL ${seconds} SECOND)) AS at, count() AS n, countIf(severity_number >= 17) AS errors FROM logs ${where} GROUP BY at ORDER BY at`, params, signal);
      return { times: rows.map((row) => Number(row[0])), series: [{ label: "records", values: rows.map((row) => Number(row[1])) }, { label: "errors", values: rows.map((row) => Number(row[2])) }] };
    },
  });
  const services = useQuery({ queryKey: ["logservices", project], staleTime: 60_000, retry: false, queryFn: async ({ signal }) => (await sql(`SELECT service_name, count() AS n FROM logs ${logsWhere({ project, range }).where} GROUP BY service_name ORDER BY n DESC LIMIT 100`, logsWhere({ project, range }).params, signal)).rows.map(([name]) => String(name)) });
  const rows = answer.data?.pages.flat() ?? [];
  const [current, setCurrent] = useState(-1);
  const at = rows[current];
  const move = (by: number): void => setCurrent(Math.min(rows.length - 1, Math.max(0, current + by)));
  useKeys({ j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1), Escape: () => setCurrent(-1) });
  const columns: GridColumn<LogRecord>[] = [
    { name: "time", label: "Time", width: "104px", show: (row) => time(row.time_unix_nano), title: (row) => iso(row.time_unix_nano) },
    { name: "severity", label: "Severity", width: "72px", show: (row) => <span className={row.severity_number >= 17 ? "is-error" : row.severity_number >= 13 ? "" : "muted"}>{visible(row.severity_text) || row.severity_number || "–"}</span> },
    ...(width > 800 ? [{ name: "service", label: "Service", width: "140px", show: (row: LogRecord) => visible(row.service_name) }] : []),
    { name: "body", label: "Body", width: "minmax(200px, 1fr)", show: (row) => <span className="mono iso">{visible((row.body || row.event_name).slice(0, 400))}</span> },
    ...(width > 800 ? [{ name: "trace", label: "Trace", width: "90px", show: (row: LogRecord) => row.trace_id && <Link to={link(`/p/${row.project}/trace/${row.trace_id}`, { span: row.span_id })} className="mono">{row.trace_id.slice(0, 8)}…</Link> }] : []),
  ];
  return (
    <>
      <form className="filterline" onSubmit={(event) => { event.preventDefault(); change({ text: typed }); }}>
        <div className="grow"><input id="filter" className="input" style={{ width: "100%" }} type="search" placeholder="Words in the body" aria-label="Words in the body" value={typed} onChange={(event) => setTyped(event.target.value)} /></div>
        <select className="input" aria-label="Severity" value={question.severity} onChange={(event) => change({ severity: event.target.value === "0" ? null : event.target.value })}>{SEVERITIES.map(([label, value]) => <option key={value} value={value}>{label}</option>)}</select>
        <select className="input" aria-label="Service" value={question.service} onChange={(event) => change({ service: event.target.value })}><option value="">all services</option>{(services.data ?? []).map((name) => <option key={name} value={name}>{name}</option>)}</select>
        <Link className="button hide-s" to={link(`/p/${project}/sql`, { query: "SELECT time, severity_text, service_name, body FROM logs ORDER BY time DESC LIMIT 100" })}>SQL</Link>
      </form>
      {over.data && over.data.times.length > 0 && <div style={{ padding: "0 12px", flex: "none" }}><Suspense fallback={null}><Chart {...over.data} format={count} label="Log records over time" kind="bars" height={120} /></Suspense></div>}
      {answer.isPending && <Bones lines={12} />}
      {answer.isError && <ErrorBox error={answer.error} retry={() => void answer.refetch()} />}
      {answer.isSuccess && rows.length === 0 && <Empty title="No log records in this range"><button className="button" onClick={() => change({ range: "all", text: null, severity: null, service: null })}>Look at all of them</button></Empty>}
      {rows.length > 0 && (
        <div className="split">
          <div className="left"><Grid label="Log records" rows={rows} columns={columns} keyOf={(row) => `${row.time_unix_nano}${row.span_id}${row.body.slice(0, 50)}`} current={current} onCurrent={setCurrent} onEnd={() => { if (answer.hasNextPage && !answer.isFetchingNextPage) void answer.fetchNextPage(); }} /></div>
          {at && (
            <div className="right peek" style={{ width: width < 640 ? undefined : "42%" }}>
              <div className="panelhead"><div className="row"><h2 className="grow">{visible(at.severity_text) || "Log record"}</h2>{at.trace_id && <Link className="button small" to={link(`/p/${at.project}/trace/${at.trace_id}`, { span: at.span_id })}>Its trace</Link>}<button className="iconbutton" aria-label="Close" onClick={() => setCurrent(-1)}><Icon name="close" /></button></div><span className="muted">{iso(at.time_unix_nano)} · {visible(at.service_name)}</span></div>
              <div className="panelbody" tabIndex={0} aria-label="Log record"><Content value={at.body} /><h3 className="section">Attributes</h3><Content value={at.attributes} /></div>
            </div>
          )}
        </div>
      )}
    </>
  );
}

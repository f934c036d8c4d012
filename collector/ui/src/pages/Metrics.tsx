// Metrics of any OTel application: names by use, one charted over time, split by service or an attribute.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useMemo } from "react";
import { bytes, count, duration } from "../lib/format";
import { sql, whereOf } from "../lib/logs";
import { bucketSeconds } from "../lib/range";
import { change, Link, link, useAddress } from "../lib/router";
import { visible } from "../lib/text";
import { useRange } from "../parts/RangePicker";
import { Bones, Empty, ErrorBox } from "../parts/ui";

const Chart = lazy(() => import("../parts/Chart"));
const SERIES_MAX = 8;

/** What one value a bucket is, by kind of metric. */
const VALUES: Record<string, [string, string][]> = {
  gauge: [["avg", "avg(if(value_type = 'int', toFloat64(value_int), value))"], ["max", "max(if(value_type = 'int', toFloat64(value_int), value))"], ["min", "min(if(value_type = 'int', toFloat64(value_int), value))"]],
  sum: [["sum", "sum(if(value_type = 'int', toFloat64(value_int), value))"], ["max", "max(if(value_type = 'int', toFloat64(value_int), value))"]],
  histogram: [["mean", "sum(sum) / sum(count)"], ["count", "toFloat64(sum(count))"], ["max", "max(max)"]],
};

export default function MetricsPage({ project }: { project: string }) {
  const { parameters } = useAddress();
  const range = useRange();
  const { parts, params } = whereOf({ project, range });
  const where = parts.length ? `WHERE ${parts.join(" AND ")}` : "";
  const names = useQuery({
    queryKey: ["metricnames", project, range.text],
    queryFn: async ({ signal }) => (await sql(`SELECT metric_name, any(metric_kind), any(metric_unit), any(metric_description), count() AS points FROM metrics ${where} GROUP BY metric_name ORDER BY metric_name LIMIT 1000`, params, signal)).rows.map((row) => row.map(String)),
  });
  const chosen = parameters.get("name") ?? names.data?.[0]?.[0] ?? "";
  const [, kind = "gauge", unit = "", about = ""] = names.data?.find(([name]) => name === chosen) ?? [];
  const values = VALUES[kind] ?? VALUES.histogram ?? [];
  const value = values.find(([name]) => name === parameters.get("value")) ?? values[0];
  const by = parameters.get("by") ?? "";
  const seconds = bucketSeconds(range, 60);
  const keys = useQuery({
    queryKey: ["metrickeys", project, chosen],
    enabled: chosen !== "",
    queryFn: async ({ signal }) => (await sql(`SELECT DISTINCT arrayJoin(mapKeys(attributes)) AS key FROM metrics WHERE metric_name = {name:String} ORDER BY key LIMIT 100`, { name: chosen }, signal)).rows.map(([key]) => String(key)),
  });
  const points = useQuery({
    queryKey: ["metric", project, chosen, range.text, value?.[0], by],
    enabled: names.isSuccess && chosen !== "" && value !== undefined,
    queryFn: async ({ signal }) => {
      const split = by === "" ? "''" : by === "service" ? "service_name" : "attributes[{by:String}]";
      const given = { ...params, name: chosen, ...(by && by !== "service" ? { by } : {}) };
      const query = `SELECT toUnixTimestamp(toStartOfInterval(time, INTERVAL ${seconds} SECOND)) AS at, ${split} AS series, ${value?.[1]} AS v FROM metrics WHERE ${[...parts, "metric_name = {name:String}"].join(" AND ")} GROUP BY at, series ORDER BY at`;
      return (await sql(query, given, signal, 10_000)).rows.map(([at, series, v]) => ({ at: Number(at), series: String(series), v: v === null ? null : Number(v) }));
    },
  });
  const data = useMemo(() => {
    const rows = points.data ?? [];
    const times = [...new Set(rows.map(({ at }) => at))];
    const place = new Map(times.map((at, index) => [at, index]));
    const series = [...new Set(rows.map((row) => row.series))].slice(0, SERIES_MAX).map((name) => {
      const line: (number | null)[] = times.map(() => null);
      for (const row of rows) if (row.series === name) line[place.get(row.at) ?? 0] = row.v;
      return { label: visible(name) || chosen, values: line };
    });
    return { times, series };
  }, [points.data, chosen]);
  const format = useCallback((v: number): string => (unit === "By" ? bytes(v) : unit === "s" ? duration(v * 1e9) : unit === "ms" ? duration(v * 1e6) : count(v)), [unit]);
  if (names.isPending) return <Bones lines={12} />;
  if (names.isError) return <ErrorBox error={names.error} retry={() => void names.refetch()} />;
  if (!names.data.length) return <Empty title="No metrics in this range"><span>Any OTel application may send them to this collector, beside its traces.</span><button className="button" onClick={() => change({ range: "all" })}>Look at all time</button></Empty>;
  return (
    <div className="page" tabIndex={0} aria-label="Metrics">
      <div className="row wrap" style={{ marginBottom: 12 }}>
        <select className="input grow" aria-label="Metric" value={chosen} onChange={(event) => change({ name: event.target.value, value: null, by: null })} style={{ maxWidth: 480 }}>{names.data.map(([name]) => <option key={name} value={name}>{name}</option>)}</select>
        <select className="input" aria-label="Value" value={value?.[0]} onChange={(event) => change({ value: event.target.value })}>{values.map(([name]) => <option key={name}>{name}</option>)}</select>
        <select className="input" aria-label="Split by" value={by} onChange={(event) => change({ by: event.target.value })}><option value="">not split</option><option value="service">by service</option>{(keys.data ?? []).map((key) => <option key={key} value={key}>by {key}</option>)}</select>
        <Link className="button" to={link(`/p/${project}/sql`, { query: `SELECT time, service_name, attributes, value, value_int, count, sum\nFROM metrics\nWHERE metric_name = '${chosen.replaceAll("'", "''")}'\nORDER BY time DESC\nLIMIT 100` })}>SQL</Link>
      </div>
      <p className="muted" style={{ marginBottom: 8 }}>{kind.replace("_", " ")}{unit && ` · ${unit}`}{about && ` · ${visible(about)}`}</p>
      {points.isError && <ErrorBox error={points.error} retry={() => void points.refetch()} />}
      {points.isPending && <Bones lines={4} />}
      {data.times.length > 0 && <div className="tile"><Suspense fallback={<Bones lines={4} />}><Chart times={data.times} series={data.series} format={format} label={`${chosen} over time`} height={300} /></Suspense></div>}
      <div className="tablewrap" tabIndex={0} role="region" aria-label="All metrics" style={{ marginTop: 16 }}>
        <table className="data"><thead><tr><th>Metric</th><th>Kind</th><th>Unit</th><th className="num">Points</th></tr></thead>
          <tbody>{names.data.map(([name = "", each, of, , n]) => <tr key={name}><td className="cut"><button className="plain iso" style={{ color: "var(--link)" }} onClick={() => change({ name, value: null, by: null })}>{visible(name)}</button></td><td>{each?.replace("_", " ")}</td><td>{of}</td><td className="num">{count(Number(n))}</td></tr>)}</tbody></table>
      </div>
    </div>
  );
}

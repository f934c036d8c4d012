// Dashboards: five boards of charts and tables; every number leads to what it counts.
import { lazy, Suspense, useMemo } from "react";
import { BOARDS, type Tile } from "../lib/boards";
import { quoted, withCondition } from "../lib/filter";
import { count, duration, exact, millis, money, percent } from "../lib/format";
import { useAggregate, type Question } from "../lib/lists";
import { bucketSeconds } from "../lib/range";
import { change, go, Link, link, useAddress } from "../lib/router";
import { visible } from "../lib/text";
import type { AggregateRow } from "../lib/types";
import { FilterBar } from "../parts/FilterBar";
import { useRange } from "../parts/RangePicker";
import { Bones, Empty, ErrorBox, Tabs } from "../parts/ui";

const Chart = lazy(() => import("../parts/Chart"));
const SERIES_MAX = 8;
const TABLE_ROWS = 12;

const LABELS: Record<string, string> = {
  count: "count", error_count: "spans with an error", error_rate: "errors", cost_usd: "cost", input_tokens: "tokens in", output_tokens: "tokens out", total_tokens: "tokens",
  cache_read_input_tokens: "from cache", p50: "p50", p90: "p90", p95: "p95", p99: "p99", max_duration_ns: "longest", ttft_p50_ns: "first token p50", ttft_p95_ns: "first token p95", trace_count: "traces", user_count: "users", session_count: "sessions",
};

function formatOf(metric: string): (value: number) => string {
  if (metric === "cost_usd") return money;
  if (metric === "error_rate") return percent;
  if (metric.endsWith("_ns") || /^p\d\d$/.test(metric)) return duration;
  return count;
}

type Asked = Pick<Question, "project" | "of" | "filter" | "range">;

export default function DashboardsPage({ project, board }: { project: string; board: string }) {
  const { parameters } = useAddress();
  const range = useRange();
  const filter = parameters.get("q") ?? "";
  const shown = BOARDS.find(({ name }) => name === board) ?? BOARDS[0];
  const asked: Asked = { project, of: "traces", filter, range };
  if (!shown) return <Empty title="There is no such dashboard" />;
  return (
    <>
      <Tabs label="Dashboards" tabs={BOARDS.map(({ name, label }) => [name, label] as const)} value={shown.name} onChange={(name) => go(link(`/p/${project}/dashboards/${name}`, { q: filter, range: parameters.get("range") }))} />
      <div className="filterline"><FilterBar value={filter} project={project} of="spans" range={range} onApply={(q) => change({ q })} /></div>
      <div className="page" tabIndex={0} aria-label={shown.label}>
        {shown.name === "overview" && <Figures asked={asked} />}
        <div className="board">{shown.tiles.map((tile) => <TileView key={tile.title} tile={tile} asked={asked} />)}</div>
      </div>
    </>
  );
}

function Figures({ asked }: { asked: Asked }) {
  const answer = useAggregate({ ...asked, of: "traces" }, { metrics: ["count", "error_rate", "p50", "p95", "total_tokens", "cost_usd", "user_count", "session_count"] });
  const row = answer.data?.rows[0];
  if (answer.isError) return <ErrorBox error={answer.error} retry={() => void answer.refetch()} />;
  const number = (name: string): number => Number(row?.[name] ?? 0);
  const to = (page: string, more: Record<string, string> = {}): string => link(`/p/${asked.project}/${page}`, { q: asked.filter, range: asked.range.text, ...more });
  const figures: [string, string, string][] = [
    ["traces", row ? count(number("count")) : "–", to("traces")],
    ["failed", row ? percent(number("error_rate")) : "–", to("traces", { q: withCondition(asked.filter, "trace.state = 'ERROR'") })],
    ["p50", row ? duration(number("p50")) : "–", to("traces", { sort: "duration_ns-" })],
    ["p95", row ? duration(number("p95")) : "–", to("traces", { sort: "duration_ns-" })],
    ["tokens", row ? count(number("total_tokens")) : "–", to("traces", { sort: "total_tokens-" })],
    ["cost", row ? money(number("cost_usd")) : "–", to("traces", { sort: "cost_usd-" })],
    ["users", row ? count(number("user_count")) : "–", to("users")],
    ["sessions", row ? count(number("session_count")) : "–", to("sessions")],
  ];
  return <div className="figures">{figures.map(([label, value, target]) => <Link key={label} to={target}><b>{value}</b><span>{label}</span></Link>)}</div>;
}

function TileView({ tile, asked }: { tile: Tile; asked: Asked }) {
  const of = tile.of ?? "spans";
  const filter = tile.filter ? withCondition(asked.filter, tile.filter) : asked.filter;
  const seconds = bucketSeconds(asked.range, 48);
  const isChart = tile.kind !== "table";
  const top = useAggregate({ ...asked, of, filter }, { groupBy: tile.groupBy ? [tile.groupBy] : [], metrics: tile.metrics, limit: isChart ? SERIES_MAX : TABLE_ROWS }, tile.groupBy !== undefined || !isChart);
  const over = useAggregate({ ...asked, of, filter }, { interval: `${seconds}s`, groupBy: tile.groupBy ? [tile.groupBy] : [], metrics: tile.metrics, limit: 5000 }, isChart);
  const answer = isChart ? over : top;
  const listOf = (q: string): string => link(`/p/${asked.project}/traces`, { q, range: asked.range.text, of: of === "spans" ? "spans" : null });
  return (
    <section className={`tile ${tile.size ?? ""}`} aria-label={tile.title}>
      <header><h2 className="grow">{tile.title}</h2><Link to={listOf(filter)} className="muted">show</Link></header>
      {answer.isError && <ErrorBox error={answer.error} retry={() => void answer.refetch()} />}
      {answer.isPending && <Bones lines={4} />}
      {answer.isSuccess && answer.data.rows.length === 0 && <p className="muted" style={{ padding: "24px 0", textAlign: "center" }}>nothing in this range</p>}
      {answer.isSuccess && answer.data.rows.length > 0 && (isChart
        ? <ChartOf tile={tile} rows={answer.data.rows} names={tile.groupBy ? (top.data?.rows ?? []).map((row) => String(row[tile.groupBy ?? ""] ?? "")) : null} filter={filter} listOf={listOf} />
        : <TableOf tile={tile} rows={answer.data.rows} filter={filter} listOf={listOf} />)}
    </section>
  );
}

interface ShownProps {
  tile: Tile;
  rows: AggregateRow[];
  filter: string;
  listOf: (filter: string) => string;
}

function ChartOf({ tile, rows, names, filter, listOf }: ShownProps & { names: string[] | null }) {
  const data = useMemo(() => {
    const times = [...new Set(rows.map((row) => Math.floor(millis(row.bucket_start_unix_nano ?? 0) / 1000)))].sort((a, b) => a - b);
    const place = new Map(times.map((at, index) => [at, index]));
    const keys = names ?? tile.metrics;
    const series = keys.map((key) => {
      const empty = tile.unit === "ns" || tile.unit === "share" ? null : 0;
      const values: (number | null)[] = times.map(() => empty);
      for (const row of rows) {
        if (names && String(row[tile.groupBy ?? ""] ?? "") !== key) continue;
        const value = row[names ? (tile.metrics[0] ?? "") : key];
        values[place.get(Math.floor(millis(row.bucket_start_unix_nano ?? 0) / 1000)) ?? 0] = value === null || value === undefined ? null : Number(value);
      }
      const q = names ? withCondition(filter, key ? `${tile.groupBy} = ${quoted(key)}` : `${tile.groupBy} IS NULL`) : key === "error_count" ? withCondition(filter, "trace.error_count > 0") : filter;
      return { label: names ? visible(key).slice(0, 60) || "(none)" : (LABELS[key] ?? key), values, to: () => go(listOf(q)) };
    });
    return { times, series };
  }, [rows, names, tile, filter]); // eslint-disable-line react-hooks/exhaustive-deps
  return <Suspense fallback={<Bones lines={4} />}><Chart times={data.times} series={data.series} format={formatOf(tile.metrics[0] ?? "")} kind={tile.kind === "bars" ? "bars" : "line"} label={tile.title} /></Suspense>;
}

function TableOf({ tile, rows, filter, listOf }: ShownProps) {
  const field = tile.groupBy ?? "";
  return (
    <div className="tablewrap" tabIndex={0} role="region" aria-label={tile.title}>
      <table className="data">
        <thead><tr><th>{field.replace("_", " ")}</th>{tile.metrics.map((metric) => <th key={metric} className="num">{LABELS[metric] ?? metric}</th>)}</tr></thead>
        <tbody>
          {rows.map((row) => {
            const value = String(row[field] ?? "");
            const to = listOf(withCondition(filter, value ? `${field} = ${quoted(value)}` : `${field} IS NULL`));
            return (
              <tr key={value}>
                <td className="cut"><Link to={to} className="iso">{visible(value).slice(0, 80) || "(none)"}</Link></td>
                {tile.metrics.map((metric) => <td key={metric} className="num" title={exact(Number(row[metric] ?? 0))}><Link to={to} style={{ color: "inherit" }}>{row[metric] === null || row[metric] === undefined ? "–" : formatOf(metric)(Number(row[metric]))}</Link></td>)}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

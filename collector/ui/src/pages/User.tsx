// A user: what they asked over time, their sessions, their traces.
import { quoted } from "../lib/filter";
import { age, count, duration, millis, money, percent, time, tokens } from "../lib/format";
import { useGroups } from "../lib/groups";
import { useAggregate, usePages, entriesOf, type Question } from "../lib/lists";
import { rangeOf } from "../lib/range";
import { Link, link } from "../lib/router";
import { visible } from "../lib/text";
import { Bones, Empty, ErrorBox, StateMark } from "../parts/ui";

const SHOWN = 50;
const RANGE = rangeOf("all");

export default function UserPage({ project, userId }: { project: string; userId: string }) {
  const filter = `user_id = ${quoted(userId)}`;
  const question: Question = { project, of: "traces", filter, range: RANGE, sort: "" };
  const totals = useAggregate(question, { metrics: ["count", "error_rate", "p50", "total_tokens", "cost_usd", "session_count"] });
  const sessions = useGroups("sessions", { project, filter, range: RANGE, sort: "" });
  const traces = usePages(question);
  const row = totals.data?.rows[0];
  const number = (name: string): number => Number(row?.[name] ?? 0);
  const list = link(`/p/${project}/traces`, { q: filter, range: "all" });
  const entries = (traces.data?.pages ?? []).flatMap(entriesOf);
  if (traces.isError) return <ErrorBox error={traces.error} retry={() => void traces.refetch()} />;
  if (traces.isPending) return <Bones />;
  if (!entries.length) return <Empty title="No traces of this user"><span className="mono iso">{visible(userId)}</span></Empty>;
  return (
    <div className="page" tabIndex={0} aria-label="User">
      <div className="figures">
        <Link to={list}><b>{row ? count(number("count")) : "–"}</b><span>traces</span></Link>
        <Link to={link(`/p/${project}/traces`, { q: `${filter} AND trace.state = 'ERROR'`, range: "all" })}><b>{row ? percent(number("error_rate")) : "–"}</b><span>failed</span></Link>
        <Link to={link(`/p/${project}/traces`, { q: filter, range: "all", sort: "duration_ns-" })}><b>{row ? duration(number("p50")) : "–"}</b><span>p50</span></Link>
        <Link to={list}><b>{row ? count(number("total_tokens")) : "–"}</b><span>tokens</span></Link>
        <Link to={link(`/p/${project}/traces`, { q: filter, range: "all", sort: "cost_usd-" })}><b>{row ? money(number("cost_usd")) : "–"}</b><span>cost</span></Link>
        <Link to={link(`/p/${project}/sessions`, { q: filter, range: "all" })}><b>{row ? count(number("session_count")) : "–"}</b><span>sessions</span></Link>
      </div>
      <div className="board">
        <section className="tile"><header><h2>Sessions</h2></header><div className="tablewrap" tabIndex={0} role="region" aria-label="Sessions"><table className="data"><thead><tr><th>Session</th><th>Last</th><th className="num">Turns</th><th className="num">Cost</th></tr></thead>
          <tbody>{(sessions.data?.pages[0]?.rows ?? []).slice(0, SHOWN).map((each) => <tr key={each.session_id}><td className="cut"><Link to={`/p/${each.project}/sessions/${encodeURIComponent(each.session_id ?? "")}`} className="iso">{visible(each.session_id ?? "")}</Link></td><td>{age(each.last_time_unix_nano)}</td><td className="num">{each.trace_count}</td><td className="num">{money(each.cost_usd)}</td></tr>)}</tbody></table></div></section>
        <section className="tile"><header><h2 className="grow">Traces</h2><Link to={list}>all</Link></header><div className="tablewrap" tabIndex={0} role="region" aria-label="Traces"><table className="data"><thead><tr><th>Start</th><th /><th>Asked</th><th className="num">Took</th><th className="num">Tokens</th></tr></thead>
          <tbody>{entries.slice(0, SHOWN).map((each) => <tr key={each.trace_id} title={new Date(millis(each.start_time_unix_nano)).toISOString()}><td style={{ whiteSpace: "nowrap" }}>{time(each.start_time_unix_nano)}</td><td><StateMark state={each.state} /></td><td className="cut"><Link to={link(`/p/${each.project}/trace/${each.trace_id}`)} className="iso">{visible(each.input_preview).slice(0, 120) || visible(each.name)}</Link></td><td className="num">{duration(each.duration_ns)}</td><td className="num">{tokens(each.input_tokens, each.output_tokens)}</td></tr>)}</tbody></table></div></section>
      </div>
    </div>
  );
}

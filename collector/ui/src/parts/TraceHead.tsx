// The head of a trace: state, name, facts, totals that say what they count, and what can be done.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ask, projectOf, query } from "../lib/api";
import { traceForms } from "../lib/copy";
import { quoted } from "../lib/filter";
import { duration, exact, iso, money, plain, time, tokens } from "../lib/format";
import { hrefOf, Link, link } from "../lib/router";
import { countedSpans, type TraceTree } from "../lib/trace";
import { visible } from "../lib/text";
import type { Layout } from "./TraceView";
import { useAssessments } from "./Feedback";
import { copy, CopyButton, Dialog, Icon, Menu, say, StateMark } from "./ui";

interface Props {
  tree: TraceTree;
  project: string;
  layout: Layout;
  mode: string;
  onMode: (mode: string) => void;
  onClose?: () => void;
  siblings?: { previous?: string; next?: string };
  onWalk: (to: string | undefined) => void;
}

const MODES = [["waterfall", "Waterfall"], ["chat", "Transcript"], ["graph", "Graph"]] as const;

export function TraceHead({ tree, project, layout, mode, onMode, onClose, siblings, onWalk }: Props) {
  const { info } = tree;
  const [showsCounted, setShowsCounted] = useState(false);
  const counted = countedSpans(tree);
  const feedback = useAssessments(project, info.trace_id);
  const assessments = feedback.data?.assessments ?? info.assessments;
  const where = layout === "embed" ? "*" : info.project;
  const list = (q: string): string => link(`/p/${where}/traces`, { q, range: "all" });
  return (
    <div className="tracehead">
      <div className="row">
        <StateMark state={info.state} />
        <h2 className="cut iso grow" style={{ fontSize: 15 }} title={info.name}>{visible(info.name) || "(no name)"}</h2>
        <div className="row hide-s" role="group" aria-label="How it is shown" style={{ gap: 0 }}>
          {MODES.map(([name, label]) => <button key={name} className="button small" aria-pressed={mode === name} onClick={() => onMode(name)}>{label}</button>)}
        </div>
        {layout === "page" && siblings && (
          <>
            <button className="iconbutton" disabled={!siblings.previous} title="Previous trace of the list (K)" aria-label="Previous trace" onClick={() => onWalk(siblings.previous)}><Icon name="up" /></button>
            <button className="iconbutton" disabled={!siblings.next} title="Next trace of the list (J)" aria-label="Next trace" onClick={() => onWalk(siblings.next)}><Icon name="down" /></button>
          </>
        )}
        <Menu className="iconbutton" name="Copy as" label={<Icon name="copy" />}>
          {(close) => traceForms(info.project, info.trace_id).map(([name, text]) => <button key={name} className="item" onClick={() => { void copy(name === "URL" ? location.origin + hrefOf(`/t/${info.trace_id}`) : text, `${name} copied`); close(); }}>{name}</button>)}
        </Menu>
        {layout === "page" && <Tags project={info.project} traceId={info.trace_id} tags={info.tags} />}
        {layout === "peek" && <Link className="iconbutton" aria-label="Open as a page" title="Open as a page (Enter)" to={link(`/p/${info.project}/trace/${info.trace_id}`, {})}><Icon name="open" /></Link>}
        {layout === "embed" && <a className="iconbutton" aria-label="Open in Spanhouse" title="Open in Spanhouse" target="_blank" rel="noreferrer" href={hrefOf(`/t/${info.trace_id}`)}><Icon name="open" /></a>}
        {onClose && <button className="iconbutton" aria-label="Close" title="Close (Esc)" onClick={onClose}><Icon name="close" /></button>}
      </div>
      <div className="facts">
        <span className="row" style={{ gap: 2 }}><span className="mono" title={info.trace_id}>{info.trace_id.slice(0, 8)}…</span><CopyButton text={info.trace_id} label="Copy the trace id" /></span>
        <span title={iso(info.start_time_unix_nano)}>{time(info.start_time_unix_nano)}</span>
        <span><b title={`${exact(info.duration_ns)} ns`}>{duration(info.duration_ns)}</b></span>
        {info.total_tokens > 0 && <span>tokens <b title={`in ${exact(info.input_tokens)}, out ${exact(info.output_tokens)}`}>{tokens(info.input_tokens, info.output_tokens)}</b></span>}
        {(info.cost_usd !== null || info.total_tokens > 0) && <span>cost <b>{money(info.cost_usd)}</b></span>}
        {info.total_tokens > 0 && <button className="plain" style={{ color: "var(--link)" }} onClick={() => setShowsCounted(true)}>counted on {counted.length} of {tree.n} spans</button>}
        {info.error_count > 0 && <span className="is-error">{exact(info.error_count)} {info.error_count === 1 ? "error" : "errors"}</span>}
        {info.service_name && <Link to={list(`service_name = ${quoted(info.service_name)}`)} className="iso">{info.service_name}</Link>}
        {info.session_id && <span>session <Link to={`/p/${info.project}/sessions/${encodeURIComponent(info.session_id)}`} className="iso">{visible(info.session_id)}</Link></span>}
        {info.user_id && <span>user <Link to={`/p/${info.project}/users/${encodeURIComponent(info.user_id)}`} className="iso">{visible(info.user_id)}</Link></span>}
        {Object.entries(info.tags).map(([key, value]) => <Link key={key} className="chip iso" to={list(`tags.${/^[\w.-]+$/.test(key) ? key : `"${key}"`} = ${quoted(value)}`)}><span className="cut">{value ? `${key}=${value}` : key}</span></Link>)}
        {assessments.filter((each) => each.valid && !each.span_id).slice(0, 6).map((each) => <span key={each.assessment_id} className="chip accent iso" title={each.rationale}><span className="cut">{each.name} {plain(each.value)}</span></span>)}
      </div>
      <Dialog open={showsCounted} onClose={() => setShowsCounted(false)} title="What the totals count">
        <p className="muted" style={{ margin: "8px 0" }}>Each call counts once: on the innermost span that tells of its usage. Agents that sum up their calls, and spans that tell of a call again, are not added.</p>
        <div className="tablewrap"><table className="data">
          <thead><tr><th>Span</th><th>Model</th><th className="num">In</th><th className="num">Out</th><th className="num">Cost</th></tr></thead>
          <tbody>
            {counted.slice(0, 500).map((at) => <tr key={at}><td className="iso">{tree.names[at]}</td><td>{tree.models[at]}</td><td className="num">{exact(tree.input[at] || 0)}</td><td className="num">{exact(tree.output[at] || 0)}</td><td className="num">{money(Number.isNaN(tree.cost[at]) ? null : tree.cost[at])}</td></tr>)}
            <tr><td><b>Total as the collector answers</b></td><td /><td className="num"><b>{exact(info.input_tokens)}</b></td><td className="num"><b>{exact(info.output_tokens)}</b></td><td className="num"><b>{money(info.cost_usd)}</b></td></tr>
          </tbody>
        </table></div>
        {counted.length > 500 && <p className="muted">{counted.length - 500} more</p>}
      </Dialog>
    </div>
  );
}

function Tags({ project, traceId, tags }: { project: string; traceId: string; tags: Record<string, string> }) {
  const [text, setText] = useState("");
  const cache = useQueryClient();
  const patch = async (body: { set?: Record<string, string>; delete?: string[] }): Promise<void> => {
    try {
      await ask(`api/v1/traces/${traceId}/tags${query({ project: projectOf(project) })}`, { method: "PATCH", body });
      await cache.invalidateQueries({ queryKey: ["trace"] });
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Menu className="button small" label="Tags">
      {() => (
        <>
          {Object.entries(tags).map(([key, value]) => <div key={key} className="row" style={{ padding: "2px 8px" }}><span className="grow cut iso">{key}={value}</span><button className="iconbutton" aria-label={`Drop ${key}`} onClick={() => void patch({ delete: [key] })}><Icon name="close" /></button></div>)}
          <form className="row" style={{ padding: 4 }} onSubmit={(event) => { event.preventDefault(); const [key, ...value] = text.split("="); if (key?.trim()) void patch({ set: { [key.trim()]: value.join("=").trim() } }); setText(""); }}>
            <input className="input grow" placeholder="key=value" aria-label="New tag" value={text} onChange={(event) => setText(event.target.value)} /><button className="button">Set</button>
          </form>
        </>
      )}
    </Menu>
  );
}

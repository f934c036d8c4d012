// What can be done with chosen rows: compare, feedback, tag, delete.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ask, projectOf, query } from "../lib/api";
import { plural } from "../lib/format";
import type { Entry } from "../lib/types";
import { Dialog, ErrorBox, say } from "./ui";

interface Props {
  rows: Entry[];
  project: string;
  clear: () => void;
  compare: () => void;
}

export function Selection({ rows, project, clear, compare }: Props) {
  const cache = useQueryClient();
  const [doing, setDoing] = useState<"" | "tag" | "delete">("");
  const [typed, setTyped] = useState("");
  const [error, setError] = useState<unknown>(null);
  const traces = [...new Map(rows.map((row) => [row.trace_id, row])).values()];
  const run = async (what: string, each: (row: Entry) => Promise<unknown>): Promise<void> => {
    setError(null);
    try {
      for (const row of traces) await each(row);
      say(`${what}: ${plural(traces.length, "trace")}`);
      setDoing("");
      setTyped("");
      clear();
      await cache.invalidateQueries();
    } catch (failure) {
      setError(failure);
    }
  };
  const assess = (value: boolean) => (row: Entry) =>
    ask(`api/v1/traces/${row.trace_id}/assessments${query({ project: projectOf(row.project) })}`, { body: { name: "user", value, source: { source_type: "HUMAN", source_id: "ui" } } });
  const tag = (row: Entry): Promise<unknown> => {
    const [key, ...value] = typed.split("=");
    return ask(`api/v1/traces/${row.trace_id}/tags${query({ project: projectOf(row.project) })}`, { method: "PATCH", body: { set: { [(key ?? "").trim()]: value.join("=").trim() } } });
  };
  const remove = (): Promise<void> =>
    run("Deleted", (row) => ask("api/v1/traces", { method: "DELETE", body: { project: row.project, trace_ids: [row.trace_id] } }));
  return (
    <div className="selection" role="toolbar" aria-label="Chosen rows">
      <b>{plural(traces.length, "trace")} chosen</b>
      <button className="button small" disabled={traces.length !== 2} onClick={compare}>Compare (c)</button>
      <button className="button small" onClick={() => void run("Thumbs up", assess(true))}>Thumbs up</button>
      <button className="button small" onClick={() => void run("Thumbs down", assess(false))}>Thumbs down</button>
      <button className="button small" onClick={() => setDoing("tag")}>Tag</button>
      <button className="button small danger" onClick={() => setDoing("delete")}>Delete</button>
      <button className="button small" onClick={clear}>Clear</button>
      <Dialog open={doing === "tag"} onClose={() => setDoing("")} title={`Tag ${plural(traces.length, "trace")}`}>
        <form className="row" style={{ marginTop: 12 }} onSubmit={(event) => { event.preventDefault(); void run("Tagged", tag); }}>
          <input className="input grow" autoFocus aria-label="Tag" placeholder="key=value" value={typed} onChange={(event) => setTyped(event.target.value)} />
          <button className="button primary" disabled={!typed.trim()}>Set</button>
        </form>
        {error !== null && <ErrorBox error={error} />}
      </Dialog>
      <Dialog open={doing === "delete"} onClose={() => setDoing("")} title={`Delete ${plural(traces.length, "trace")}`}>
        <form style={{ display: "grid", gap: 12, marginTop: 12 }} onSubmit={(event) => { event.preventDefault(); void remove(); }}>
          <p>Spans, logs, feedback and tags of {traces.length === 1 ? "this trace" : "these traces"}{project === "*" ? "" : ` in ${project}`} go. This cannot be undone. Type <b>{traces.length}</b> to go on.</p>
          <div className="row">
            <input className="input" autoFocus aria-label="How many" value={typed} onChange={(event) => setTyped(event.target.value)} />
            <button className="button danger" disabled={typed !== String(traces.length)}>Delete</button>
          </div>
        </form>
        {error !== null && <ErrorBox error={error} />}
      </Dialog>
    </div>
  );
}

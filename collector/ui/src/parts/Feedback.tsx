// Feedback of a trace or span: what there is, thumbs, scores, a comment, by mouse and by key.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { ask, projectOf, query } from "../lib/api";
import { age, plain } from "../lib/format";
import { useKeys } from "../lib/keys";
import type { Assessment, Json } from "../lib/types";
import { Content } from "./Content";
import { ErrorBox, Icon, say } from "./ui";

export interface Draft {
  name: string;
  kind?: "feedback" | "expectation";
  value: Json;
  rationale?: string;
  span_id?: string;
}

const SOURCE = { source_type: "HUMAN", source_id: "ui" };

export function useAssess(project: string, traceId: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (draft: Draft) => ask<Assessment>(`api/v1/traces/${traceId}/assessments${query({ project: projectOf(project) })}`, { body: { source: SOURCE, ...draft } }),
    onSuccess: (made) => {
      say(`${made.name}: ${plain(made.value)}`);
      void cache.invalidateQueries({ queryKey: ["assessments"] });
      void cache.invalidateQueries({ queryKey: ["list"] });
    },
  });
}

export function useAssessments(project: string, traceId: string) {
  return useQuery({
    queryKey: ["assessments", project, traceId],
    queryFn: ({ signal }) => ask<{ assessments: Assessment[] }>(`api/v1/traces/${traceId}/assessments${query({ project: projectOf(project) })}`, { signal }),
  });
}

export function Feedback({ project, traceId, spanId }: { project: string; traceId: string; spanId: string }) {
  const known = useAssessments(project, traceId);
  const assess = useAssess(project, traceId);
  const cache = useQueryClient();
  const [ofSpan, setOfSpan] = useState(false);
  const [name, setName] = useState("user");
  const [value, setValue] = useState("");
  const [rationale, setRationale] = useState("");
  const comment = useRef<HTMLTextAreaElement>(null);
  const place = ofSpan ? { span_id: spanId } : {};
  const score = (given: Json): void => assess.mutate({ name: "user", value: given, ...place });
  useKeys({ m: () => comment.current?.focus() });
  const send = (): void => {
    const text = value.trim();
    const read: Json = text === "" ? null : /^(true|false|null|-?\d+(\.\d+)?)$/.test(text) ? (JSON.parse(text) as Json) : text;
    assess.mutate({ name: name.trim() || "user", value: read ?? (rationale ? "comment" : null), rationale, ...place });
    setValue("");
    setRationale("");
  };
  const remove = useMutation({
    mutationFn: (each: Assessment) => ask(`api/v1/traces/${traceId}/assessments/${each.assessment_id}${query({ project: projectOf(project) })}`, { method: "DELETE" }),
    onSuccess: () => void cache.invalidateQueries({ queryKey: ["assessments"] }),
  });
  const list = known.data?.assessments ?? [];
  return (
    <div style={{ display: "grid", gap: 12 }}>
      <div className="row wrap">
        <button className="button" onClick={() => score(true)}><Icon name="thumbup" />Good <span className="kbd">u</span></button>
        <button className="button" onClick={() => score(false)}><Icon name="thumbdown" />Bad <span className="kbd">d</span></button>
        {[1, 2, 3, 4, 5].map((n) => <button key={n} className="button" aria-label={`Score ${n}`} onClick={() => assess.mutate({ name: "score", value: n, ...place })}>{n}</button>)}
        <label className="row"><input type="checkbox" checked={ofSpan} onChange={() => setOfSpan(!ofSpan)} />of the chosen span only</label>
      </div>
      <form style={{ display: "grid", gap: 6 }} onSubmit={(event) => { event.preventDefault(); send(); }}>
        <div className="row wrap">
          <input className="input" aria-label="Name of the assessment" value={name} onChange={(event) => setName(event.target.value)} style={{ width: 140 }} />
          <input className="input grow" aria-label="Value" placeholder="value: true, 0.8, text" value={value} onChange={(event) => setValue(event.target.value)} />
        </div>
        <textarea ref={comment} className="input" rows={2} aria-label="Comment" placeholder="Why (Ctrl-Enter saves)" value={rationale} onChange={(event) => setRationale(event.target.value)}
          onKeyDown={(event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); send(); } if (event.key === "Escape") event.currentTarget.blur(); }} />
        <div className="row"><button className="button primary" disabled={!value.trim() && !rationale.trim()}>Save</button></div>
      </form>
      {assess.isError && <ErrorBox error={assess.error} />}
      {known.isError && <ErrorBox error={known.error} retry={() => void known.refetch()} />}
      {known.isSuccess && list.length === 0 && <p className="muted">No feedback yet.</p>}
      {list.map((each) => (
        <div key={each.assessment_id} className="doc" style={each.valid ? undefined : { opacity: 0.55 }}>
          <div className="row wrap">
            <b className="iso">{each.name}</b><span className="chip accent iso">{plain(each.value)}</span>
            {each.kind === "expectation" && <span className="chip">expectation</span>}
            {each.span_id && <span className="muted mono">{each.span_id === spanId ? "this span" : each.span_id}</span>}
            {!each.valid && <span className="muted">replaced</span>}
            <span className="grow" /><span className="muted">{each.source.source_type.toLowerCase().replace("_", " ")} {each.source.source_id} · {age(each.last_update_time_unix_nano)}</span>
            <button className="iconbutton" aria-label={`Delete ${each.name}`} onClick={() => remove.mutate(each)}><Icon name="close" /></button>
          </div>
          {each.rationale && <Content value={each.rationale} />}
          {each.error && <span className="is-error iso">{each.error.error_code} {each.error.error_message}</span>}
        </div>
      ))}
    </div>
  );
}

// The annotation queue: a filter gives the traces, a rubric the assessments, keys the pace.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { ask, query } from "../lib/api";
import { parametersOf } from "../lib/lists";
import { useKeys } from "../lib/keys";
import { change, useAddress } from "../lib/router";
import type { Json, ListPage } from "../lib/types";
import { useAssess } from "../parts/Feedback";
import { FilterBar } from "../parts/FilterBar";
import { useRange } from "../parts/RangePicker";
import { Bones, Empty, ErrorBox, Icon } from "../parts/ui";

const TraceView = lazy(() => import("../parts/TraceView"));
const QUEUE_MAX = 500;
const DEFAULT_RUBRIC = "correct: yes/no; helpful: 1-5; tone: good/neutral/bad";

interface Question {
  name: string;
  choices: [string, Json][];
}

/** `correct: yes/no; helpful: 1-5; tone: good/bad` as questions with their answers. */
export function rubricOf(text: string): Question[] {
  return text.split(";").flatMap((part) => {
    const [name = "", answers = ""] = part.split(":").map((each) => each.trim());
    if (!name) return [];
    const scale = /^(-?\d+)\s*-\s*(\d+)$/.exec(answers);
    if (scale) {
      const [from, to] = [Number(scale[1]), Math.min(Number(scale[2]), Number(scale[1]) + 9)];
      return [{ name, choices: Array.from({ length: to - from + 1 }, (_, index): [string, Json] => [String(from + index), from + index]) }];
    }
    if (/^(yes\/no)?$/i.test(answers)) return [{ name, choices: [["yes", true], ["no", false]] }];
    return [{ name, choices: answers.split("/").map((each): [string, Json] => [each.trim(), each.trim()]) }];
  });
}

export default function QueuePage({ project }: { project: string }) {
  const { parameters } = useAddress();
  const range = useRange();
  const filter = parameters.get("q") ?? "";
  const rubricText = parameters.get("rubric") ?? DEFAULT_RUBRIC;
  const rubric = rubricOf(rubricText);
  const [typed, setTyped] = useState(rubricText);
  const [comment, setComment] = useState("");
  const [asking, setAsking] = useState(0);
  const queue = useQuery({
    queryKey: ["queue", project, filter, range.text],
    staleTime: Infinity, // what one has judged stays in its place
    queryFn: ({ signal }) => ask<ListPage>(`api/v1/traces${query({ ...parametersOf({ project, of: "traces", filter, range, sort: "" }), limit: QUEUE_MAX })}`, { signal }),
  });
  const rows = queue.data?.traces ?? [];
  const [done, setDone] = useState<Record<string, string[]>>({});
  const answered = (id: string, known: { name: string; valid: boolean }[] = []): Set<string> => new Set([...known.filter((each) => each.valid).map((each) => each.name), ...(done[id] ?? [])]);
  const isDone = (row: (typeof rows)[number]): boolean => rubric.every(({ name }) => answered(row.trace_id, row.assessments).has(name));
  const at = Math.max(0, rows.findIndex((row) => row.trace_id === parameters.get("at")));
  const row = rows[at];
  const assess = useAssess(row?.project ?? project, row?.trace_id ?? "");
  const go = (index: number): void => {
    const next = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (next) change({ at: next.trace_id, span: null, tab: null }, "replace");
    setAsking(0);
    setComment("");
  };
  const answer = (question: Question, value: Json): void => {
    if (!row) return;
    assess.mutate({ name: question.name, value, ...(comment ? { rationale: comment } : {}) });
    setDone({ ...done, [row.trace_id]: [...(done[row.trace_id] ?? []), question.name] });
    const next = rubric.findIndex(({ name }, index) => index > rubric.indexOf(question) && !answered(row.trace_id, row.assessments).has(name));
    if (next >= 0) setAsking(next);
    else go(at + 1);
  };
  const current = rubric[asking];
  useKeys({
    J: () => go(at + 1), K: () => go(at - 1), s: () => go(at + 1),
    ...Object.fromEntries((current?.choices ?? []).slice(0, 9).map(([, value], index) => [String(index + 1), () => current && answer(current, value)])),
  });
  const finished = rows.filter(isDone).length;
  return (
    <>
      <div className="filterline"><FilterBar value={filter} project={project} of="traces" range={range} onApply={(q) => change({ q, at: null })} />
        <form className="row" onSubmit={(event) => { event.preventDefault(); change({ rubric: typed === DEFAULT_RUBRIC ? null : typed }); }}>
          <input className="input" style={{ width: 300, maxWidth: "60vw" }} aria-label="Rubric" title="name: yes/no; name: 1-5; name: a/b/c" value={typed} onChange={(event) => setTyped(event.target.value)} /><button className="button">Set rubric</button>
        </form>
      </div>
      {queue.isPending && <Bones />}
      {queue.isError && <ErrorBox error={queue.error} retry={() => void queue.refetch()} />}
      {queue.isSuccess && !row && <Empty title="Nothing to judge: no trace satisfies the filter in this range" />}
      {row && (
        <>
          <div className="selection" role="toolbar" aria-label="Judgement">
            <button className="iconbutton" aria-label="Previous" title="Previous (K)" onClick={() => go(at - 1)}><Icon name="left" /></button>
            <b>{at + 1} of {rows.length}</b>
            <button className="iconbutton" aria-label="Next" title="Next (J)" onClick={() => go(at + 1)}><Icon name="right" /></button>
            <span className="muted" role="status">{finished} done</span>
            {rubric.map((question, index) => (
              <span key={question.name} className="row" style={{ gap: 4, opacity: index === asking ? 1 : 0.75 }} role="group" aria-label={question.name}>
                <button className="plain" style={{ fontWeight: index === asking ? 600 : 400 }} onClick={() => setAsking(index)}>{answered(row.trace_id, row.assessments).has(question.name) ? "✓ " : ""}{question.name}</button>
                {question.choices.map(([label, value], place) => <button key={label} className="button small" onClick={() => answer(question, value)}>{label}{index === asking && place < 9 && <span className="kbd">{place + 1}</span>}</button>)}
              </span>
            ))}
            <input className="input grow" style={{ minWidth: 120 }} aria-label="Comment" placeholder="why (goes with the next answer)" value={comment} onChange={(event) => setComment(event.target.value)} onKeyDown={(event) => { if (event.key === "Escape" || event.key === "Enter") event.currentTarget.blur(); }} />
          </div>
          {assess.isError && <ErrorBox error={assess.error} />}
          <Suspense fallback={<Bones />}><TraceView key={row.trace_id} project={row.project} traceId={row.trace_id} layout="queue" /></Suspense>
        </>
      )}
    </>
  );
}

// Following a list: asks what is newer every two seconds, and never moves what one reads.
import { useEffect, useRef, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { ApiError, ask, query } from "./api";
import { entriesOf, parametersOf, type Question } from "./lists";
import type { Entry, ListPage } from "./types";

const EVERY_MS = 2000;
const HIDDEN_MS = 10_000;
const LOOKED_AT = 50;

const idOf = (entry: Entry): string => `${entry.trace_id}/${entry.span_id ?? ""}`;

/** How many entries are new; `show` puts them in. With `mayInsert` they come in by themselves. */
export function useLive(question: Question, rows: Entry[], isOn: boolean, mayInsert: boolean): { fresh: number; show: () => void } {
  const [fresh, setFresh] = useState(0);
  const cache = useQueryClient();
  const latest = useRef({ rows, mayInsert });
  useEffect(() => {
    latest.current = { rows, mayInsert };
  });
  const show = (): void => {
    setFresh(0);
    for (const key of ["list", "aggregate", "facet"]) void cache.invalidateQueries({ queryKey: [key] });
  };
  useEffect(() => {
    setFresh(0);
    if (!isOn || question.sort) return;
    let timer = 0;
    let token = "";
    const seen = new Set<string>();
    const abort = new AbortController();
    const look = async (): Promise<void> => {
      try {
        const asked = token ? { newer_than: token, limit: LOOKED_AT } : { live: true, limit: 1 };
        const page = await ask<ListPage>(`api/v1/${question.of}${query({ ...parametersOf(question), ...asked })}`, { signal: abort.signal });
        const isFirst = token === "";
        token = page.newest_token ?? "";
        const known = new Set(latest.current.rows.map(idOf));
        if (!isFirst) for (const entry of entriesOf(page)) if (!known.has(idOf(entry))) seen.add(idOf(entry));
        for (const id of seen) if (known.has(id)) seen.delete(id);
        if (seen.size && latest.current.mayInsert) show();
        else setFresh(seen.size);
      } catch (error) {
        if (error instanceof ApiError && error.status === 400) token = ""; // too much came after it: begin anew
      }
      if (!abort.signal.aborted) timer = window.setTimeout(() => void look(), document.hidden ? HIDDEN_MS : EVERY_MS);
    };
    void look();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [isOn, question]); // eslint-disable-line react-hooks/exhaustive-deps
  return { fresh, show };
}

// A trace on a page of its own; J and K walk the list it was opened from.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { ask, query } from "../lib/api";
import { entriesOf, parametersOf, type Question } from "../lib/lists";
import { rangeOf } from "../lib/range";
import { go, link, useAddress } from "../lib/router";
import type { ListPage } from "../lib/types";
import { useKeys } from "../lib/keys";
import TraceView from "../parts/TraceView";

const WALKED = 200;

export default function TracePage({ project, traceId }: { project: string; traceId: string }) {
  const { parameters } = useAddress();
  const list = parameters.get("list");
  const question: Question = useMemo(() => {
    const kept = new URLSearchParams(list ?? "");
    return { project, of: kept.get("of") === "spans" ? "spans" : "traces", filter: kept.get("q") ?? "", range: rangeOf(kept.get("range")), sort: kept.get("sort") ?? "" };
  }, [list, project]);
  const around = useQuery({
    queryKey: ["around", project, list],
    staleTime: 60_000,
    retry: false,
    queryFn: async ({ signal }) => {
      const page = await ask<ListPage>(`api/v1/${question.of}${query({ ...parametersOf(question), limit: WALKED })}`, { signal });
      return [...new Set(entriesOf(page).map((entry) => entry.trace_id))];
    },
  });
  const at = around.data?.indexOf(traceId) ?? -1;
  const siblings = { previous: around.data?.[at - 1], next: at < 0 ? undefined : around.data?.[at + 1] };
  useKeys({ Escape: () => go(list ? `/p/${project}/traces?${list}` : link(`/p/${project}/traces`)) });
  return <TraceView project={project} traceId={traceId.replace(/^tr-/, "").toLowerCase()} layout="page" siblings={siblings} />;
}

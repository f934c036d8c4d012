// One trace for all who show it: skeleton first, the payload of a chosen span only.
import { useQuery } from "@tanstack/react-query";
import { ask, projectOf, query } from "./api";
import { fromColumns, type ColumnsReply, type TraceTree } from "./trace";
import type { SpanDetail } from "./types";

const RUNNING_MS = 3000;

export function useTrace(project: string, traceId: string) {
  return useQuery({
    queryKey: ["trace", project, traceId],
    queryFn: async ({ signal }): Promise<TraceTree> => {
      const path = `api/v1/traces/${encodeURIComponent(traceId)}`;
      return fromColumns(await ask<ColumnsReply>(path + query({ payload: false, format: "columns", project: projectOf(project) }), { signal }));
    },
    structuralSharing: false,
    refetchInterval: (state) => (state.state.data?.info.state === "IN_PROGRESS" ? RUNNING_MS : false),
  });
}

export function useSpan(project: string, traceId: string, spanId: string | undefined) {
  return useQuery({
    queryKey: ["span", project, traceId, spanId],
    enabled: spanId !== undefined,
    staleTime: 60_000,
    queryFn: ({ signal }) =>
      ask<SpanDetail>(`api/v1/traces/${encodeURIComponent(traceId)}/spans/${spanId}${query({ project: projectOf(project) })}`, { signal }),
  });
}

/** Every span with its payload, for the transcript; asked only when it is shown. */
export function useWholeTrace(project: string, traceId: string, enabled: boolean) {
  return useQuery({
    queryKey: ["whole", project, traceId],
    enabled,
    staleTime: 60_000,
    structuralSharing: false,
    queryFn: ({ signal }) =>
      ask<{ spans: SpanDetail[] }>(`api/v1/traces/${encodeURIComponent(traceId)}${query({ project: projectOf(project) })}`, { signal }),
  });
}

// What lists ask of the API: pages, counts, strips and facets of one question. Sums are the collector's, never ours.
import { useInfiniteQuery, useQuery, keepPreviousData } from "@tanstack/react-query";
import { ApiError, ask, projectOf, query } from "./api";
import { bucketSeconds, type Range } from "./range";
import type { AggregateRow, Entry, ListPage } from "./types";

export interface Question {
  project: string;
  of: "traces" | "spans";
  filter: string;
  range: Range;
  sort: string;
}

const PAGE = 100;

/** `cost_usd-` in an address is `cost_usd desc` for the API. */
export const orderOf = (sort: string): string => (sort.endsWith("-") ? `${sort.slice(0, -1)} desc` : sort);

export function parametersOf(question: Question): Record<string, string> {
  return {
    project: projectOf(question.project),
    filter: question.filter,
    since: question.range.since,
    until: question.range.until,
    order_by: orderOf(question.sort),
  };
}

const keyOf = ({ project, of, filter, range, sort }: Question): string[] => [project, of, filter, range.text, sort];

export const entriesOf = (page: ListPage): Entry[] => page.traces ?? page.spans ?? [];

export function usePages(question: Question) {
  return useInfiniteQuery({
    queryKey: ["list", ...keyOf(question)],
    initialPageParam: "",
    placeholderData: keepPreviousData,
    retry: (failures, error) => failures < 1 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    queryFn: async ({ pageParam, signal }) => {
      const began = performance.now();
      const page = await ask<ListPage>(`api/v1/${question.of}${query({ ...parametersOf(question), limit: PAGE, page_token: pageParam })}`, { signal });
      return { ...page, elapsedMs: performance.now() - began };
    },
    getNextPageParam: (page) => page.next_page_token,
  });
}

interface AggregateOptions {
  of?: "traces" | "spans";
  groupBy?: string[];
  interval?: string;
  metrics: string[];
  filter?: string;
  orderBy?: string;
  limit?: number;
}

export function aggregate(question: Pick<Question, "project" | "of" | "filter" | "range">, options: AggregateOptions, signal?: AbortSignal) {
  return ask<{ rows: AggregateRow[]; truncated: boolean; elapsed_ms: number }>("api/v1/aggregate", {
    signal,
    body: {
      project: projectOf(question.project),
      of: options.of ?? question.of,
      filter: options.filter ?? question.filter,
      since: question.range.since,
      until: question.range.until,
      group_by: options.groupBy ?? [],
      metrics: options.metrics,
      ...(options.interval ? { interval: options.interval } : {}),
      ...(options.orderBy ? { order_by: options.orderBy } : {}),
      ...(options.limit ? { limit: options.limit } : {}),
    },
  });
}

/** A key of what an aggregate asks, so that two places that ask the same share the answer. */
const aggregateKey = (question: Pick<Question, "project" | "of" | "filter" | "range">, options: AggregateOptions): unknown[] =>
  ["aggregate", question.project, question.of, question.filter, question.range.text, options];

export function useAggregate(question: Pick<Question, "project" | "of" | "filter" | "range">, options: AggregateOptions, enabled = true) {
  return useQuery({
    queryKey: aggregateKey(question, options),
    queryFn: ({ signal }) => aggregate(question, options, signal),
    placeholderData: keepPreviousData,
    retry: false,
    enabled,
  });
}

export function useCount(question: Question, enabled: boolean) {
  return useAggregate(question, { metrics: ["count"] }, enabled);
}

export function useStrips(question: Question, enabled: boolean) {
  const seconds = bucketSeconds(question.range);
  const answer = useAggregate(
    question,
    { interval: `${seconds}s`, metrics: ["count", "error_count", "p50", "p95", "cost_usd", "total_tokens"], limit: 2000 },
    enabled,
  );
  return { ...answer, seconds };
}

export interface FacetValue {
  value: string;
  count: number;
}

export interface Facet {
  field: string;
  label: string;
}

const ALL_FACETS: Facet[] = [
  { field: "trace.state", label: "State" },
  { field: "span_type", label: "Type" },
  { field: "service_name", label: "Service" },
  { field: "model", label: "Model" },
  { field: "agent_name", label: "Agent" },
  { field: "tool_name", label: "Tool" },
  { field: "error_type", label: "Error type" },
  { field: "user_id", label: "User" },
  { field: "session_id", label: "Session" },
  { field: "tags", label: "Tags" },
];

export const FACET_VALUES = 50;

/** The facets of a list; what only traces have is none of spans. */
export const facetsOf = (of: "traces" | "spans"): Facet[] => (of === "traces" ? ALL_FACETS : ALL_FACETS.filter(({ field }) => !field.startsWith("trace.")));

interface FacetReply {
  facets: { field: string; values: { value: string | null; count: number }[]; partial: boolean }[];
}

/** Values and counts of the open facets, each counted over the filter without its own condition. */
export function useFacets(question: Question, open: string[], enabled: boolean) {
  const fields = facetsOf(question.of).map(({ field }) => field).filter((field) => open.includes(field));
  return useQuery({
    queryKey: ["facet", question.project, question.of, question.filter, question.range.text, fields],
    enabled: enabled && fields.length > 0,
    retry: false,
    staleTime: 15_000,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }): Promise<Record<string, FacetValue[]>> => {
      const { facets } = await ask<FacetReply>("api/v1/facets", {
        signal,
        body: { project: projectOf(question.project), of: question.of, filter: question.filter, since: question.range.since, until: question.range.until, fields, limit: FACET_VALUES },
      });
      return Object.fromEntries(facets.map(({ field, values }) => [field, values.flatMap(({ value, count }) => (value === null ? [] : [{ value, count }]))]));
    },
  });
}

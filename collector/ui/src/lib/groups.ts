// Sessions and users: pages of them, in the order asked for.
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { ask, projectOf, query } from "./api";
import { orderOf } from "./lists";
import type { Range } from "./range";
import type { Group } from "./types";

interface Reply {
  sessions?: Group[];
  users?: Group[];
  next_page_token: string | null;
}

export function useGroups(what: "sessions" | "users", question: { project: string; filter: string; range: Range; sort: string }) {
  return useInfiniteQuery({
    queryKey: [what, question.project, question.filter, question.range.text, question.sort],
    initialPageParam: "",
    placeholderData: keepPreviousData,
    queryFn: async ({ pageParam, signal }) => {
      const { project, filter, range, sort } = question;
      const reply = await ask<Reply>(`api/v1/${what}${query({ project: projectOf(project), filter, since: range.since, until: range.until, order_by: orderOf(sort), limit: 100, page_token: pageParam })}`, { signal });
      return { rows: reply.sessions ?? reply.users ?? [], next: reply.next_page_token };
    },
    getNextPageParam: (page) => page.next,
  });
}

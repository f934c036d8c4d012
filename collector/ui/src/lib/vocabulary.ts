// The filter's fields and operators as data, from the collector's own table: `GET /api/v1/vocabulary`.
import { useQuery } from "@tanstack/react-query";
import { ask, query } from "./api";

export interface Field {
  name: string;
  kind: string;
  meaning: string;
  operators: string[];
  /** All values there are, of a closed set. */
  values: string[];
  example: string;
}

interface Told {
  fields: Field[];
  families: { prefix: string; kind: string; meaning: string; operators: string[]; example: string }[];
  operators: { operator: string; takes: "one" | "two" | "list" | "none" }[];
}

export interface Vocabulary {
  /** Fields, and families of keys with a dot at their end: `attributes.`. */
  fields: Field[];
  takes: Map<string, string>;
}

/** What people ask for most stands first. */
const FIRST = [
  "name", "span_type", "is_error", "model", "text", "duration", "service_name", "trace.state", "agent_name", "tool_name", "user_id", "session_id", "total_tokens", "cost_usd", "error_type", "status_message",
  "attributes.", "resource.", "tags.", "feedback.", "trace.duration", "trace.total_tokens", "trace.cost_usd", "trace.span_count", "trace.error_count",
];
const NONE: Vocabulary = { fields: [], takes: new Map() };

/** Families whose keys complete, and what `/api/v1/attributes` calls them. */
export const FAMILIES: Record<string, string> = { "attributes.": "span", "resource.": "resource", "tags.": "tag", "metadata.": "metadata", "feedback.": "feedback", "expectation.": "expectation" };

export function useVocabulary(of: "traces" | "spans"): Vocabulary {
  const answer = useQuery({
    queryKey: ["vocabulary", of],
    staleTime: Infinity,
    queryFn: async ({ signal }): Promise<Vocabulary> => {
      const told = await ask<Told>(`api/v1/vocabulary${query({ of })}`, { signal });
      const families = told.families.map((family) => ({ ...family, name: `${family.prefix.replace(/\.$/, "")}.`, values: [] }));
      const rank = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
      return {
        fields: [...told.fields, ...families].sort((a, b) => rank(a.name) - rank(b.name)),
        takes: new Map(told.operators.map(({ operator, takes }) => [operator, takes])),
      };
    },
  });
  return answer.data ?? NONE;
}

export const fieldOf = (vocabulary: Vocabulary, name: string): Field | undefined =>
  vocabulary.fields.find((field) => field.name === name) ?? vocabulary.fields.find((field) => field.name.endsWith(".") && name.startsWith(field.name));

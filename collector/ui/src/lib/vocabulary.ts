// The filter's fields and operators as data for completion. The collector's own table comes from
// `/api/v1/filter/vocabulary`; a collector that does not have the route yet is completed from the short table here.
import { useQuery } from "@tanstack/react-query";
import { ask, ApiError } from "./api";

export interface Field {
  name: string;
  kind: string;
  meaning: string;
}

export interface Vocabulary {
  fields: Field[];
}

const short = (kind: string, names: string): Field[] => names.split(" ").map((name) => ({ name, kind, meaning: "" }));

const FEW: Vocabulary = {
  fields: [
    { name: "name", kind: "text", meaning: "the span's name" },
    { name: "span_type", kind: "text", meaning: "LLM, TOOL, AGENT, …" },
    { name: "is_error", kind: "boolean", meaning: "status, error.type, an exception event" },
    { name: "model", kind: "text", meaning: "the model that answered, else the one asked for" },
    { name: "text", kind: "full text", meaning: "words in input or output" },
    { name: "duration", kind: "duration", meaning: "from start to end" },
    { name: "service_name", kind: "text", meaning: "service.name of the resource" },
    { name: "attributes.", kind: "any", meaning: "an attribute of the span" },
    { name: "resource.", kind: "any", meaning: "an attribute of the resource" },
    { name: "tags.", kind: "any text", meaning: "a tag of the trace" },
    { name: "feedback.", kind: "any assessment", meaning: "feedback by its name" },
    ...short("text", "agent_name tool_name user_id session_id error_type status_message provider operation framework prompt_name kind trace.state"),
    ...short("integer", "total_tokens input_tokens output_tokens trace.total_tokens trace.span_count trace.error_count"),
    ...short("number", "cost_usd trace.cost_usd"),
    ...short("duration", "ttft trace.duration"),
    ...short("full text", "input output trace.text"),
    ...short("time", "start_time end_time"),
    ...short("list of text", "tags finish_reasons event.name"),
    ...short("boolean", "is_root is_pending"),
  ],
};

const OPERATORS: Record<string, string[]> = {
  text: ["=", "!=", "IN (", "LIKE", "ILIKE", "MATCHES", "IS NULL", "IS NOT NULL"],
  "list of text": ["=", "!=", "IN (", "LIKE", "IS NULL", "IS NOT NULL"],
  integer: [">", ">=", "<", "<=", "=", "!=", "BETWEEN", "IS NULL", "IS NOT NULL"],
  duration: [">", ">=", "<", "<=", "BETWEEN"],
  time: [">=", "<", "BETWEEN"],
  boolean: ["= true", "= false"],
  "full text": [":", "LIKE", "ILIKE", "MATCHES"],
  any: ["=", "!=", ">", "<", "IN (", "LIKE", "ILIKE", "MATCHES", "BETWEEN", "IS NULL", "IS NOT NULL"],
};

export function operatorsOf(kind: string): string[] {
  if (kind === "number") return OPERATORS.integer ?? [];
  return OPERATORS[kind] ?? OPERATORS.any ?? [];
}

const EXAMPLES: Record<string, string> = { duration: "1.5s", integer: "1000", number: "0.01", time: "'2026-11-20T10:00:00Z'", "full text": "'words'" };
export const exampleOf = (kind: string): string => EXAMPLES[kind] ?? "'…'";

/** Keys of attributes complete after these. */
export const FAMILIES = ["attributes.", "resource."];

export function useVocabulary(): Vocabulary {
  const answer = useQuery({
    queryKey: ["vocabulary"],
    staleTime: Infinity,
    retry: false,
    queryFn: async ({ signal }): Promise<Vocabulary> => {
      try {
        return normal(await ask("api/v1/filter/vocabulary", { signal }));
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return FEW;
        throw error;
      }
    },
  });
  return answer.data ?? FEW;
}

interface Told {
  fields: { name: string; kind?: string; type?: string; meaning?: string; about?: string }[];
  families?: { prefix: string; kind?: string; type?: string; meaning?: string; about?: string }[];
}

function normal(told: Told): Vocabulary {
  const families = (told.families ?? []).map((family) => ({ ...family, name: `${family.prefix.replace(/\.$/, "")}.` }));
  const all = [...told.fields, ...families];
  const rank = new Map(FEW.fields.map((field, index) => [field.name, index]));
  return {
    fields: all
      .map((field) => ({ name: field.name, kind: field.kind ?? field.type ?? "any", meaning: field.meaning ?? field.about ?? "" }))
      .sort((a, b) => (rank.get(a.name) ?? 999) - (rank.get(b.name) ?? 999)),
  };
}

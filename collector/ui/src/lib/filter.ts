// The filter language in the browser: tokens for colours and completion, and edits that facets and chips make.
// The server stays the judge of what is right.

export type TokenKind = "word" | "field" | "operator" | "keyword" | "text" | "number" | "paren" | "space" | "other";

export interface Token {
  kind: TokenKind;
  text: string;
  start: number;
  end: number;
}

const KEYWORDS = new Set(["AND", "OR", "NOT", "EXISTS"]);
const WORD_OPERATORS = new Set(["IN", "LIKE", "ILIKE", "MATCHES", "RLIKE", "REGEXP", "BETWEEN", "IS", "NULL"]);
const CONSTANTS = new Set(["TRUE", "FALSE"]);
const PATTERN =
  /(?<space>\s+)|(?<text>'(?:[^']|'')*'?|"(?:[^"]|"")*"?)|(?<number>-?\d[\d.]*(?:[eE][+-]?\d+)?[a-zµ]*)|(?<word>[\p{L}_][\p{L}\p{N}_.-]*(?:\."(?:[^"]|"")*"?)*)|(?<operator>!=|<>|<=|>=|==|[=<>:])|(?<paren>[(),])|(?<other>.)/gsu;

export function tokens(text: string): Token[] {
  const found: Token[] = [];
  for (const match of text.matchAll(PATTERN)) {
    const groups = match.groups ?? {};
    const raw = match[0];
    let kind = (Object.keys(groups).find((name) => groups[name] !== undefined) ?? "other") as TokenKind;
    if (kind === "word") {
      const upper = raw.toUpperCase();
      if (KEYWORDS.has(upper)) kind = "keyword";
      else if (WORD_OPERATORS.has(upper)) kind = "operator";
      else if (CONSTANTS.has(upper)) kind = "number";
      else kind = "field";
    }
    const start = match.index;
    found.push({ kind, text: raw, start, end: start + raw.length });
  }
  return found;
}

export interface Condition {
  text: string;
  start: number;
  end: number;
  field: string;
}

/** The conditions that AND joins at the top; null where OR stands there, which no chip can show. */
export function conditions(text: string): Condition[] | null {
  const all = tokens(text).filter((token) => token.kind !== "space");
  const found: Condition[] = [];
  let depth = 0;
  let from = 0;
  let isBetween = false;
  const close = (upTo: number): void => {
    const part = all.slice(from, upTo);
    const [first, last] = [part[0], part.at(-1)];
    if (first && last) {
      const field = part.find((token) => token.kind === "field")?.text ?? "";
      found.push({ text: text.slice(first.start, last.end), start: first.start, end: last.end, field });
    }
  };
  for (const [index, token] of all.entries()) {
    if (token.text === "(") depth += 1;
    else if (token.text === ")") depth -= 1;
    if (depth > 0) continue;
    const upper = token.text.toUpperCase();
    if (token.kind === "operator" && upper === "BETWEEN") isBetween = true;
    if (token.kind !== "keyword") continue;
    if (upper === "OR") return null;
    if (upper !== "AND") continue;
    if (isBetween) isBetween = false;
    else {
      close(index);
      from = index + 1;
    }
  }
  close(all.length);
  return found;
}

export const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** `attributes.KEY`, with quotes where the key needs them. */
export function keyed(prefix: string, key: string): string {
  return /^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(key) ? `${prefix}.${key}` : `${prefix}."${key.replaceAll('"', '""')}"`;
}

export function literal(value: unknown): string {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : quoted(String(value));
}

/** The filter and one more condition; one that stands there already is not repeated. */
export function withCondition(filter: string, condition: string): string {
  const base = filter.trim();
  if (!base) return condition;
  const parts = conditions(base);
  if (parts?.some((part) => part.text === condition)) return base;
  return parts === null ? `(${base}) AND ${condition}` : `${base} AND ${condition}`;
}

export function withoutCondition(filter: string, condition: Condition): string {
  const rest = (conditions(filter) ?? []).filter((part) => part.start !== condition.start);
  return rest.map((part) => part.text).join(" AND ");
}

/** The filter without what it asks of one field: what a facet's own counts are of. */
export function withoutField(filter: string, field: string): string {
  const parts = conditions(filter);
  if (parts === null) return filter;
  return parts.filter((part) => part.field !== field).map((part) => part.text).join(" AND ");
}

export function negated(condition: string): string {
  const text = condition.trim();
  const plain = /^NOT\s+(?!EXISTS)([\s\S]+)$/i.exec(text);
  if (plain?.[1]) return plain[1];
  const equal = /^([\w.]+|[\w.]+\."(?:[^"]|"")*")\s*(=|!=)\s*([\s\S]+)$/.exec(text);
  if (equal && tokens(text).filter((token) => token.kind === "keyword").length === 0) {
    return `${equal[1]} ${equal[2] === "=" ? "!=" : "="} ${equal[3]}`;
  }
  return `NOT ${text}`;
}

/** Which values of a field the filter asks for by `=` or `IN`. */
export function chosenValues(filter: string, field: string): Set<string> {
  const chosen = new Set<string>();
  for (const part of conditions(filter) ?? []) {
    if (part.field !== field) continue;
    const list = tokens(part.text);
    const operator = list.find((token) => token.kind === "operator")?.text.toUpperCase();
    const isNegative = list.some((token) => token.kind === "keyword" && token.text.toUpperCase() === "NOT");
    if (isNegative || (operator !== "=" && operator !== "IN")) continue;
    for (const token of list) {
      if (token.kind === "text") chosen.add(token.text.slice(1, -1).replaceAll("''", "'"));
      if (token.kind === "number") chosen.add(token.text);
    }
  }
  return chosen;
}

/** Add a value of a facet, or take it away: one `=` for one value, one `IN` for several. */
export function toggledValue(filter: string, field: string, value: string): string {
  const chosen = chosenValues(filter, field);
  if (chosen.has(value)) chosen.delete(value);
  else chosen.add(value);
  const rest = withoutField(filter, field);
  if (chosen.size === 0) return rest;
  const values = [...chosen].map(quoted);
  return withCondition(rest, values.length === 1 ? `${field} = ${values[0]}` : `${field} IN (${values.join(", ")})`);
}

export interface CompletionPlace {
  /** What is to be completed there. */
  of: "field" | "operator" | "value" | "joint";
  field: string;
  operator: string;
  prefix: string;
  start: number;
  end: number;
}

/** What may stand where the caret is. */
export function completionPlace(text: string, caret: number): CompletionPlace {
  const all = tokens(text);
  const before = all.filter((token) => token.end <= caret || token.start < caret);
  const current = before.at(-1);
  const isInside = current !== undefined && current.kind !== "space" && current.end >= caret && current.kind !== "paren";
  const whole = before.filter((token) => token.kind !== "space" && !(isInside && token === current));
  const previous = whole.at(-1);
  const place = (of: CompletionPlace["of"], field = "", operator = ""): CompletionPlace => ({
    of,
    field,
    operator,
    prefix: isInside && current ? text.slice(current.start, caret) : "",
    start: isInside && current ? current.start : caret,
    end: isInside && current ? current.end : caret,
  });
  if (!previous || previous.kind === "keyword" || (previous.text === "(" && whole.at(-2)?.text.toUpperCase() !== "IN")) {
    const isBetweenEnd = previous?.text.toUpperCase() === "AND" && whole.at(-3)?.text.toUpperCase() === "BETWEEN";
    return isBetweenEnd ? place("value", whole.at(-4)?.text ?? "", "BETWEEN") : place("field");
  }
  if (previous.kind === "field") return place("operator", previous.text);
  if (previous.kind === "operator" || previous.text === "," || previous.text === "(") {
    if (previous.text.toUpperCase() === "NULL") return place("joint");
    const field = [...whole].reverse().find((token) => token.kind === "field")?.text ?? "";
    return place("value", field, previous.text.toUpperCase());
  }
  return place("joint");
}

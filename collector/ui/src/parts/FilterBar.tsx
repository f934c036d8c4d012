// The filter bar: the server's language, coloured as one types, completed, judged by the server at the character.
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { useQuery } from "@tanstack/react-query";
import { ApiError, ask, projectOf, query } from "../lib/api";
import { completionPlace, keyed, quoted, tokens, type CompletionPlace } from "../lib/filter";
import { remember, storedList } from "../lib/preferences";
import type { Range } from "../lib/range";
import { FAMILIES, fieldOf, useVocabulary, type Field, type Vocabulary } from "../lib/vocabulary";
import { Icon } from "./ui";

interface Choice {
  insert: string;
  shown: string;
  about: string;
  /** Where the caret goes back from the end of what is inserted. */
  back?: number;
  again?: boolean;
}

interface Props {
  value: string;
  project: string;
  of: "traces" | "spans";
  range: Range;
  onApply: (filter: string) => void;
  /** A trace or span id was pasted. */
  onId?: (id: string) => void;
}

const JUDGE_AFTER_MS = 300;
const CHOICES_MAX = 60;
const ID = /^(tr-)?([0-9a-f]{32}|[0-9a-f]{16})$/i;

export function FilterBar({ value, project, of, range, onApply, onId }: Props) {
  const [text, setText] = useState(value);
  const [caret, setCaret] = useState(value.length);
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(-1);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const listId = useId();
  const vocabulary = useVocabulary(of);

  useEffect(() => setText(value), [value]);
  useLayoutEffect(() => {
    const box = area.current;
    if (!box) return;
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  }, [text]);

  useEffect(() => {
    setProblem(null);
    if (!text.trim()) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      ask(`api/v1/${of}${query({ project: projectOf(project), filter: text, limit: 1, since: "1m" })}`, { signal: abort.signal }).catch((error: unknown) => {
        if (error instanceof ApiError && !abort.signal.aborted) setProblem(error);
      });
    }, JUDGE_AFTER_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text, of, project]);

  const place = useMemo(() => completionPlace(text, caret), [text, caret]);
  const field = fieldOf(vocabulary, place.field);
  const family = Object.keys(FAMILIES).find((prefix) => place.of === "field" && place.prefix.startsWith(prefix));
  const keys = useQuery({
    queryKey: ["attributes", project, family],
    enabled: open && family !== undefined,
    staleTime: 60_000,
    queryFn: ({ signal }) =>
      ask<{ attributes: { key: string; span_count: number }[] }>(
        `api/v1/attributes${query({ project: projectOf(project), of: FAMILIES[family ?? ""], limit: 200, since: "7d" })}`,
        { signal },
      ),
  });
  const wantsValues = open && place.of === "value" && place.operator !== ":" && valuesOf(place.field, field);
  const values = useQuery({
    queryKey: ["values", project, place.field],
    enabled: wantsValues,
    staleTime: 60_000,
    retry: false,
    queryFn: ({ signal }) => ask<Values>(`api/v1/attributes${query({ project: projectOf(project), ...asked(place.field), limit: 100, since: range.since })}`, { signal }),
  });

  const choices = useMemo(
    () => completions(place, vocabulary, field, keys.data?.attributes ?? [], family, values.data?.attributes ?? []),
    [place, vocabulary, field, keys.data, family, values.data],
  );

  const apply = (filter: string): void => {
    setOpen(false);
    setChosen(-1);
    const id = ID.exec(filter.trim());
    if (id?.[2] && onId) {
      setText(value);
      onId(id[2].toLowerCase());
      return;
    }
    remember("filters", filter, 20);
    onApply(filter.trim());
  };
  const accept = (choice: Choice): void => {
    const next = text.slice(0, place.start) + choice.insert + text.slice(place.end);
    const at = place.start + choice.insert.length - (choice.back ?? 0);
    setText(next);
    setChosen(-1);
    setOpen(choice.again !== false);
    requestAnimationFrame(() => {
      area.current?.focus();
      area.current?.setSelectionRange(at, at);
      setCaret(at);
    });
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    const shown = open && choices.length > 0;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      const choice = choices[chosen];
      if (shown && choice) accept(choice);
      else apply(text);
    } else if (event.key === "Tab" && shown && !event.shiftKey && (place.prefix || chosen >= 0)) {
      event.preventDefault();
      const choice = choices[Math.max(0, chosen)];
      if (choice) accept(choice);
    } else if (event.key === "Escape") {
      if (open) setOpen(false);
      else { setText(value); area.current?.blur(); }
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && shown) {
      event.preventDefault();
      setChosen((chosen + (event.key === "ArrowDown" ? 1 : -1) + choices.length) % choices.length);
    } else if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      setOpen(true);
    }
  };
  const isChanged = text.trim() !== value;
  const recent = text.trim() ? [] : storedList("filters").slice(0, 6);
  const isOpen = open && (choices.length > 0 || recent.length > 0);
  return (
    <div className="grow">
      <div className={`filterbar${problem ? " bad" : ""}`} onBlur={(event) => { if (!event.currentTarget.contains(event.relatedTarget)) setOpen(false); }}>
        <Icon name="search" />
        <pre aria-hidden="true">{coloured(text, problem?.position ?? null)}{"\n"}</pre>
        <textarea
          ref={area} rows={1} spellCheck={false} autoComplete="off" autoCapitalize="off" value={text} id="filter"
          role="combobox" aria-label="Filter" aria-expanded={isOpen} aria-controls={listId} aria-autocomplete="list"
          aria-activedescendant={chosen >= 0 ? `${listId}-${chosen}` : undefined} aria-invalid={problem !== null}
          placeholder="Filter: model = 'gpt-4o' AND duration > 2s, or paste a trace id"
          onChange={(event) => { setText(event.target.value); setCaret(event.target.selectionStart); setOpen(true); setChosen(-1); }}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
          onClick={() => setOpen(true)} onKeyDown={onKeyDown}
        />
        {text && <button className="iconbutton" aria-label="Clear the filter" title="Clear the filter" onClick={() => { setText(""); onApply(""); area.current?.focus(); }}><Icon name="close" /></button>}
        {isOpen && (
          <ul className="completion" role="listbox" id={listId} aria-label="Completions" onMouseDown={(event) => event.preventDefault()}>
            {recent.map((filter) => (
              <li key={`r${filter}`} role="option" aria-selected={false} onClick={() => { setText(filter); apply(filter); }}>
                <span className="what cut">{filter}</span><span className="about">recent</span>
              </li>
            ))}
            {choices.map((choice, index) => (
              <li key={choice.shown + choice.insert} id={`${listId}-${index}`} role="option" aria-selected={index === chosen} onClick={() => accept(choice)}
                ref={index === chosen ? (element) => element?.scrollIntoView({ block: "nearest" }) : undefined}>
                <span className="what cut">{choice.shown}</span><span className="about cut">{choice.about}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
      {(problem ?? isChanged) && (
        <div className="filtererror" role={problem ? "alert" : undefined}>
          {problem ? <span className="iso">{problem.message}{problem.hint && <span className="muted"> · {problem.hint}</span>}</span>
            : <span className="muted">edited – <span className="kbd">Enter</span> applies it</span>}
        </div>
      )}
    </div>
  );
}

interface Values {
  attributes: { value?: string | null; key?: string | null; span_count: number }[];
}

const WITHOUT_VALUES = new Set(["input", "output", "text", "trace.text", "trace_id", "span_id", "parent_span_id"]);

function valuesOf(name: string, field: Field | undefined): boolean {
  if (!field || WITHOUT_VALUES.has(name)) return false;
  return field.values.length === 0 && ["text", "list of text", "any", "any text"].includes(field.kind);
}

/** How `/api/v1/attributes` is asked for a field's values: by the key of its family, else by its name. */
function asked(name: string): Record<string, string> {
  const family = Object.keys(FAMILIES).find((prefix) => name.startsWith(prefix));
  if (!family) return { field: name };
  return { of: FAMILIES[family] ?? "span", key: name.slice(family.length).replace(/^"|"$/g, "").replaceAll('""', '"') };
}

function coloured(text: string, wrongAt: number | null) {
  const all = tokens(text);
  const isAtEnd = wrongAt !== null && !all.some((token) => token.start <= wrongAt && wrongAt < token.end && token.kind !== "space");
  return (
    <>
      {all.map((token) => {
        const isWrong = wrongAt !== null && token.start <= wrongAt && wrongAt < token.end && token.kind !== "space";
        return <span key={token.start} className={`t-${token.kind}${isWrong ? " t-wrong" : ""}`}>{token.text}</span>;
      })}
      {isAtEnd && <span className="t-wrong">{"  "}</span>}
    </>
  );
}

function completions(
  place: CompletionPlace, vocabulary: Vocabulary, field: Field | undefined,
  keys: { key: string; span_count: number }[], family: string | undefined, found: Values["attributes"],
): Choice[] {
  const prefix = place.prefix.toLowerCase();
  if (place.of === "field") return family ? keysOf(family, place.prefix, keys) : fieldsOf(place.prefix, vocabulary);
  if (place.of === "operator") {
    return (field?.operators ?? [])
      .filter((operator) => operator.toLowerCase().startsWith(prefix))
      .map((operator) => ({ insert: vocabulary.takes.get(operator) === "list" ? `${operator} (` : `${operator} `, shown: operator, about: operator === ":" ? "full text" : "" }));
  }
  if (place.of === "value") {
    if (place.operator === ":") return [];
    const wanted = prefix.replace(/^['"]/, "");
    const end = place.operator === "IN" || place.operator === "(" || place.operator === "," ? "" : " ";
    const known = field?.values.length ? field.values.map((value) => ({ value, about: "" })) : found.map(({ value, span_count }) => ({ value: value ?? "", about: `${span_count} spans` }));
    const shown = known.filter(({ value }) => value !== "" && value.toLowerCase().includes(wanted)).slice(0, CHOICES_MAX);
    if (shown.length || prefix || !field || field.kind === "text") return shown.map(({ value, about }) => ({ insert: `${quoted(value)}${end}`, shown: value, about }));
    const example = /(?:=|!=|<=?|>=?|:)\s*(\S.*)$/.exec(field.example)?.[1] ?? "";
    return example ? [{ insert: example, shown: example, about: `a ${field.kind}, for example`, again: false }] : [];
  }
  return ["AND", "OR"].filter((word) => word.toLowerCase().startsWith(prefix)).map((word) => ({ insert: `${word} `, shown: word, about: word === "AND" ? "and another condition" : "or another one" }));
}

function keysOf(family: string, typed: string, keys: { key: string; span_count: number }[]): Choice[] {
  const wanted = typed.slice(family.length).replaceAll('"', "").toLowerCase();
  return keys
    .filter(({ key }) => key.toLowerCase().includes(wanted))
    .slice(0, CHOICES_MAX)
    .map(({ key, span_count }) => ({ insert: `${keyed(family.slice(0, -1), key)} `, shown: `${family}${key}`, about: `${span_count} spans` }));
}

function fieldsOf(typed: string, { fields }: Vocabulary): Choice[] {
  const prefix = typed.toLowerCase();
  const starts = fields.filter((field) => field.name.startsWith(prefix));
  const inside = fields.filter((field) => !field.name.startsWith(prefix) && field.name.includes(prefix));
  const found: Choice[] = [...starts, ...inside].slice(0, CHOICES_MAX).map((field) => ({
    insert: field.name.endsWith(".") ? field.name : `${field.name} `,
    shown: field.name,
    about: [field.kind, field.meaning].filter(Boolean).join(" · "),
  }));
  const isWord = /^[\p{L}\p{N}-]{2,}$/u.test(typed) && !starts.some((field) => field.name === prefix);
  if (isWord) found.push({ insert: `text : ${quoted(typed)} `, shown: `text : ${quoted(typed)}`, about: "spans with this word" });
  if ("not".startsWith(prefix)) found.push({ insert: "NOT ", shown: "NOT", about: "the opposite of a condition" });
  if ("exists".startsWith(prefix)) found.push({ insert: "EXISTS (", shown: "EXISTS (…)", about: "another span of the trace" });
  return found;
}

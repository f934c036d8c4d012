// Content of spans: only ever text nodes. Length first, then JSON, then markdown, then plain.
import { lazy, Suspense, useMemo, useState, type ReactNode } from "react";
import { bytes } from "../lib/format";
import { usePreference } from "../lib/preferences";
import { parseExact } from "../lib/api";
import { visible } from "../lib/text";
import type { Json } from "../lib/types";
import { JsonTree } from "./JsonTree";
import { copy } from "./ui";

const Markdown = lazy(() => import("./Markdown"));

export const FIRST_CHARS = 4000;
const ALL_CHARS = 2_000_000;
const MARKDOWN_CHARS = 100_000;
const JSON_CHARS = 1_000_000;
const looksLikeMarkdown = (text: string): boolean => /(^|\n)(#{1,4} |[-*] |\d+\. |> |```|\|.+\|)|\*\*[^*\n]+\*\*|`[^`\n]+`|\]\(https?:/.test(text);

function parsedJson(text: string): Json | undefined {
  const trimmed = text.trimStart();
  if (text.length > JSON_CHARS || !/^[[{]/.test(trimmed)) return undefined;
  try {
    return parseExact(text) as Json;
  } catch {
    return undefined;
  }
}

export function Content({ value, label }: { value: unknown; label?: string }) {
  if (value === null || value === undefined || value === "") return <span className="muted">{value === "" ? '""' : "–"}</span>;
  if (typeof value !== "string") return <JsonTree value={value as Json} />;
  return <TextContent text={value} label={label} />;
}

function TextContent({ text, label }: { text: string; label?: string }) {
  const [isWhole, setWhole] = useState(false);
  const [isRaw, setRaw] = useState(false);
  const [style, setStyle] = usePreference("markdown");
  const json = useMemo(() => parsedJson(text), [text]);
  const isLong = text.length > FIRST_CHARS;
  const shown = isLong && !isWhole ? text.slice(0, FIRST_CHARS) : text;
  const canBePretty = json === undefined && text.length <= MARKDOWN_CHARS && looksLikeMarkdown(text);
  let body: ReactNode;
  if (json !== undefined && !isRaw) body = <JsonTree value={json} />;
  else if (canBePretty && style === "pretty" && (!isLong || isWhole)) body = <Suspense fallback={<Plain text={shown} />}><Markdown text={shown} /></Suspense>;
  else body = <Plain text={shown} isCode={json !== undefined} />;
  return (
    <div aria-label={label}>
      {body}
      <div className="row" style={{ fontSize: 12 }}>
        {isLong && json === undefined && (
          <span className="muted">
            {isWhole ? bytes(text.length) : `first ${FIRST_CHARS.toLocaleString("en-GB")} of ${text.length.toLocaleString("en-GB")} characters`}
            {!isWhole && text.length <= ALL_CHARS && <> · <button className="plain" style={{ color: "var(--link)" }} onClick={() => setWhole(true)}>show all</button></>}
            {text.length > ALL_CHARS && <> · <button className="plain" style={{ color: "var(--link)" }} onClick={() => download(text)}>download</button></>}
          </span>
        )}
        {json !== undefined && <button className="plain muted" onClick={() => setRaw(!isRaw)}>{isRaw ? "as a tree" : "as sent"}</button>}
        {canBePretty && <button className="plain muted" onClick={() => setStyle(style === "pretty" ? "plain" : "pretty")}>{style === "pretty" ? "plain" : "formatted"}</button>}
        {text.length > 120 && <button className="plain muted" onClick={() => void copy(text)}>copy</button>}
      </div>
    </div>
  );
}

export function Plain({ text, isCode = false }: { text: string; isCode?: boolean }) {
  return <div className={`text${isCode ? " code" : ""}`} dir="auto">{visible(text)}</div>;
}

function download(text: string): void {
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  anchor.download = "content.txt";
  anchor.click();
  URL.revokeObjectURL(anchor.href);
}

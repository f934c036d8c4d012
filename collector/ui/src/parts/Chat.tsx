// Messages of a call: roles, tool calls joined with their results and spans, reasoning folded, what is new marked.
import { useMemo, useState, type ReactNode } from "react";
import { bytes, plain } from "../lib/format";
import type { Json, Message, Part, SpanDetail } from "../lib/types";
import { Content } from "./Content";
import { Glyph } from "./ui";

const KEPT_OPEN = 3;

export interface ChatLinks {
  /** The span that ran a tool call, by call id or, without one, by the tool's name. */
  toolSpan?: (callId: string | null | undefined, name: string | undefined) => string | undefined;
  onSpan?: (spanId: string) => void;
}

const sizeOf = (message: Message): number => message.parts.reduce((sum, part) => sum + plain(part.content ?? part.arguments ?? part.response ?? "").length, 0);
const identity = (message: Message): string => JSON.stringify([message.role, message.parts]);

/** How many of the first messages stood in the previous call too. */
export function commonMessages(now: Message[], before: Message[]): number {
  let at = 0;
  while (at < now.length && at < before.length && identity(now[at] as Message) === identity(before[at] as Message)) at += 1;
  return at;
}

export function Chat({ span, previous, links = {} }: { span: SpanDetail; previous?: SpanDetail; links?: ChatLinks }) {
  const [hovered, setHovered] = useState<string | null>(null);
  const [onlyNew, setOnlyNew] = useState(false);
  const input = span.messages.input;
  const known = useMemo(() => (previous ? commonMessages(input, [...previous.messages.input]) : 0), [input, previous]);
  const system: Message[] = span.system_instructions.length ? [{ role: "system", parts: span.system_instructions }] : [];
  const shown = onlyNew ? input.slice(known) : input;
  const first = Math.max(0, shown.length - KEPT_OPEN);
  const context = { hovered, setHovered, links };
  return (
    <div>
      {previous && known > 0 && (
        <p className="section">
          <label><input type="checkbox" checked={onlyNew} onChange={() => setOnlyNew(!onlyNew)} /> only what is new since the previous call</label>
          <span className="muted">{known} of {input.length} messages were there</span>
        </p>
      )}
      {!onlyNew && system.map((message, index) => <MessageView key={index} message={message} isFolded {...context} />)}
      {shown.map((message, index) => (
        <MessageView key={index} message={message} {...context}
          isFolded={(index < first && message.role !== "user") || message.role === "system"} isNew={previous !== undefined && known > 0 && (onlyNew ? true : index >= known)} />
      ))}
      {span.messages.output.map((message, index) => <MessageView key={`o${index}`} message={message} isFolded={false} isOutput {...context} />)}
      {span.tool_definitions.length > 0 && (
        <details className="msg">
          <summary>{span.tool_definitions.length} tools offered <span className="muted cut grow">{span.tool_definitions.map((tool) => plain((tool as { name?: Json } | null)?.name ?? "")).join(", ")}</span></summary>
          <div className="inner"><Content value={span.tool_definitions} /></div>
        </details>
      )}
      {Object.keys(span.request).length > 0 && (
        <details className="msg"><summary>Parameters <span className="muted cut grow">{Object.entries(span.request).map(([key, value]) => `${key} ${plain(value)}`).join(" · ")}</span></summary><div className="inner"><Content value={span.request} /></div></details>
      )}
    </div>
  );
}

interface MessageProps {
  message: Message;
  isFolded: boolean;
  isNew?: boolean;
  isOutput?: boolean;
  hovered: string | null;
  setHovered: (id: string | null) => void;
  links: ChatLinks;
}

const KNOWN_ROLES = new Set(["system", "developer", "user", "assistant", "tool", "function"]);

export function MessageView({ message, isFolded, isNew, isOutput, ...context }: MessageProps) {
  const role = message.role || "no role";
  const known = KNOWN_ROLES.has(role) ? role : "other";
  const style = known === "developer" ? "system" : known === "function" ? "tool" : known;
  const head = (
    <>
      <span className="role iso">{role}</span>
      {message.name && <span className="muted iso">{message.name}</span>}
      {isNew && <span className="chip accent">new</span>}
      {isOutput && <span className="muted">answer</span>}
      <span className="grow" />
      {message.finish_reason && <span className="muted iso">{message.finish_reason}</span>}
      <span className="muted">{bytes(sizeOf(message))}</span>
    </>
  );
  const body = <div className="inner">{message.parts.map((part, index) => <PartView key={index} part={part} {...context} />)}{message.parts.length === 0 && <span className="muted">empty</span>}</div>;
  if (!isFolded) return <section className={`msg ${style}${isNew ? " isnew" : ""}`}><header>{head}</header>{body}</section>;
  return <Folded className={`msg ${style}`} head={head}>{body}</Folded>;
}

/** Folded content is not parsed before it is shown. */
function Folded({ head, className, children }: { head: ReactNode; className: string; children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  return <details className={className} open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}><summary>{head}</summary>{isOpen && children}</details>;
}

function PartView({ part, hovered, setHovered, links }: { part: Part } & Pick<MessageProps, "hovered" | "setHovered" | "links">) {
  const id = part.id ?? null;
  const joined = { onMouseEnter: () => setHovered(id), onMouseLeave: () => setHovered(null), className: `call${id && hovered === id ? " linked" : ""}` };
  switch (part.type) {
    case "text":
      return <Content value={part.content} />;
    case "reasoning":
    case "thinking":
      return <Folded className="call" head={<span className="muted">reasoning · {bytes(plain(part.content ?? "").length)}</span>}><div className="inner"><Content value={part.content} /></div></Folded>;
    case "tool_call": {
      const span = links.toolSpan?.(part.id, part.name);
      return (
        <div {...joined}>
          <header><Glyph type="TOOL" /><b className="iso">{part.name ?? "tool"}</b><span className="muted mono iso cut">{id}</span><span className="grow" />
            {span && <button className="button small" onClick={() => links.onSpan?.(span)}>its span</button>}</header>
          <div className="inner"><Content value={part.arguments} /></div>
        </div>
      );
    }
    case "tool_call_response":
      return (
        <div {...joined}>
          <header><Glyph type="TOOL" /><span>result</span><span className="muted mono iso cut">{id}</span></header>
          <div className="inner"><Content value={part.response ?? part.content ?? part.result} /></div>
        </div>
      );
    default:
      return <MediaOrOther part={part} />;
  }
}

const DATA_CHARS_SHOWN = 80;

/** Media by type and size; what is unknown is shown as it is, by its name. */
function MediaOrOther({ part }: { part: Part }) {
  const kind = plain(part.mime_type ?? part.modality ?? part.type);
  const data = part.content ?? part.data;
  const isData = typeof data === "string" && (part.type === "blob" || part.modality !== undefined || part.mime_type !== undefined) && data.length > DATA_CHARS_SHOWN;
  const address = plain(part.uri ?? part.url ?? "");
  return (
    <div className="call">
      <header><b className="iso">{part.type}</b><span className="muted iso">{kind}</span>{isData && <span className="muted">{bytes(Math.round((data.length * 3) / 4))}</span>}</header>
      <div className="inner">
        {isData ? <span className="muted">content is kept with the span and not loaded here</span> : address ? <span className="mono iso">{address}</span> : <Content value={part as unknown as Json} />}
      </div>
    </div>
  );
}

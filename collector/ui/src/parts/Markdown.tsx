// Markdown of span content: marked's lexer, our own elements. No HTML, no images, links only to http(s), by their host.
import { marked, type Token, type Tokens } from "marked";
import { Fragment, useMemo, type ReactNode } from "react";
import { visible } from "../lib/text";
import { Plain } from "./Content";

const DEPTH_MAX = 50;

export default function Markdown({ text }: { text: string }) {
  const tokens = useMemo(() => {
    try {
      return marked.lexer(text);
    } catch {
      return null; // nested too deeply for the lexer
    }
  }, [text]);
  if (!tokens) return <Plain text={text} />;
  return <div className="md iso" dir="auto">{many(tokens, 0)}</div>;
}

function many(tokens: Token[] | undefined, depth: number): ReactNode {
  if (!tokens) return null;
  if (depth > DEPTH_MAX) return tokens.map((token) => token.raw).join("");
  return tokens.map((token, index) => <Fragment key={index}>{one(token, depth + 1)}</Fragment>);
}

function one(token: Token, depth: number): ReactNode {
  switch (token.type) {
    case "space":
      return null;
    case "paragraph":
      return <p>{many(token.tokens, depth)}</p>;
    case "heading":
      return <p><strong>{many(token.tokens, depth)}</strong></p>;
    case "text":
      return token.tokens ? many(token.tokens, depth) : <span className="text">{visible(decoded(token.text as string))}</span>;
    case "escape":
      return visible(token.text as string);
    case "strong":
      return <strong>{many(token.tokens, depth)}</strong>;
    case "em":
      return <em>{many(token.tokens, depth)}</em>;
    case "del":
      return <del>{many(token.tokens, depth)}</del>;
    case "codespan":
      return <code>{visible(decoded(token.text as string))}</code>;
    case "code":
      return <pre tabIndex={0}>{visible(token.text as string)}</pre>;
    case "br":
      return <br />;
    case "hr":
      return <hr />;
    case "blockquote":
      return <blockquote>{many(token.tokens, depth)}</blockquote>;
    case "list": {
      const items = (token as Tokens.List).items.map((item, index) => <li key={index}>{many(item.tokens, depth)}</li>);
      return token.ordered ? <ol start={Number(token.start) || 1}>{items}</ol> : <ul>{items}</ul>;
    }
    case "link":
      return <SafeLink href={token.href as string}>{many(token.tokens, depth)}</SafeLink>;
    case "table": {
      const table = token as Tokens.Table;
      return (
        <table>
          <thead><tr>{table.header.map((cell, index) => <th key={index}>{many(cell.tokens, depth)}</th>)}</tr></thead>
          <tbody>{table.rows.map((row, at) => <tr key={at}>{row.map((cell, index) => <td key={index}>{many(cell.tokens, depth)}</td>)}</tr>)}</tbody>
        </table>
      );
    }
    default:
      return <span className="text">{visible(token.raw)}</span>; // HTML, images and whatever a later lexer knows
  }
}

/** The lexer escapes text for HTML that we never make. */
function decoded(text: string): string {
  return text.replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => ({ lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" })[name] ?? "");
}

export function SafeLink({ href, children }: { href: string; children: ReactNode }) {
  let url: URL | null = null;
  try {
    url = new URL(href);
  } catch {
    // relative: it would point at us
  }
  if (!url || !/^https?:$/.test(url.protocol)) return <span>{children} <span className="muted">({visible(href).slice(0, 200)})</span></span>;
  return <a href={url.href} target="_blank" rel="noreferrer noopener nofollow" title={url.href}>{children} <span className="muted">({url.host})</span></a>;
}

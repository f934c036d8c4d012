// JSON as a tree: keys as sent, big integers as text, folded below the second level, shown by the hundred.
import { useState } from "react";
import type { Json } from "../lib/types";
import { visible } from "../lib/text";

const OPEN_DEPTH = 2;
const SHOWN = 100;
const TEXT_CHARS = 4000;
const DEPTH_MAX = 60;

export function JsonTree({ value }: { value: Json }) {
  return <div className="json"><Node value={value} depth={0} /></div>;
}

function Node({ name, value, depth }: { name?: string; value: Json; depth: number }) {
  const isBranch = value !== null && typeof value === "object" && Object.keys(value).length > 0;
  const [isOpen, setOpen] = useState(depth < OPEN_DEPTH);
  const [shown, setShown] = useState(SHOWN);
  const indent = { paddingLeft: Math.min(depth, 20) * 12 };
  const key = name === undefined ? null : <><span className="k">{visible(name)}</span>: </>;
  if (!isBranch) return <div className="jl" style={{ ...indent, marginLeft: 14 }}>{key}<Leaf value={value} /></div>;
  const list = Array.isArray(value);
  const entries: [string, Json][] = list ? value.map((item, index) => [String(index), item]) : Object.entries(value);
  const summary = list ? `[ ${entries.length} ]` : `{ ${entries.slice(0, 4).map(([each]) => each).join(", ")}${entries.length > 4 ? ", …" : ""} }`;
  return (
    <>
      <div className="jl" style={indent}>
        <button aria-expanded={isOpen} aria-label={`${isOpen ? "Fold" : "Unfold"} ${name ?? "value"}`} onClick={() => setOpen(!isOpen)}>{isOpen ? "▾" : "▸"}</button>
        {key}{(!isOpen || name === undefined) && <span className="z">{visible(summary).slice(0, 120)}</span>}
      </div>
      {isOpen && depth >= DEPTH_MAX && <div className="jl z" style={indent}>deeper than {DEPTH_MAX} levels: see it as sent</div>}
      {isOpen && depth < DEPTH_MAX && entries.slice(0, shown).map(([each, item]) => <Node key={each} name={each} value={item} depth={depth + 1} />)}
      {isOpen && entries.length > shown && <div style={indent}><button style={{ width: "auto" }} onClick={() => setShown(shown * 10)}>{entries.length - shown} more</button></div>}
    </>
  );
}

function Leaf({ value }: { value: Json }) {
  const [isWhole, setWhole] = useState(false);
  if (typeof value !== "string") return <span className={value === null ? "z" : "n"}>{value === null ? "null" : typeof value === "object" ? (Array.isArray(value) ? "[]" : "{}") : String(value)}</span>;
  const isLong = value.length > TEXT_CHARS && !isWhole;
  return (
    <span className="s" dir="auto">
      {visible(isLong ? value.slice(0, TEXT_CHARS) : value) || '""'}
      {isLong && <button style={{ width: "auto" }} onClick={() => setWhole(true)}>… {value.length.toLocaleString("en-GB")} characters</button>}
    </span>
  );
}

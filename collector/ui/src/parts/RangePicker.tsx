// The range of time: quick choices, text one can type, the zone, and keys that shift and zoom.
import { useState } from "react";
import { minute, zoneName } from "../lib/format";
import { QUICK_RANGES, parseRange, rangeOf, shifted, zoomed } from "../lib/range";
import { useKeys } from "../lib/keys";
import { change, useAddress } from "../lib/router";
import { Icon, Menu } from "./ui";

export function useRange() {
  const text = useAddress().parameters.get("range");
  return rangeOf(text);
}

export function RangePicker() {
  const range = useRange();
  const [typed, setTyped] = useState("");
  const [isBad, setBad] = useState(false);
  const set = (text: string): void => change({ range: text, peek: null });
  useKeys({
    "[": () => set(shifted(range, -1)),
    "]": () => set(shifted(range, 1)),
    "-": () => set(zoomed(range, 2)),
    "=": () => set(zoomed(range, 0.5)),
  });
  const label = range.isRelative ? range.label : `${minute(range.fromMs)} → ${minute(range.toMs)}`;
  return (
    <Menu title="Time range" label={<><span className="cut">{label}</span><span className="muted hide-s">· {zoneName()}</span><Icon name="down" /></>}>
      {(close) => (
        <>
          <form
            className="row" onSubmit={(event) => {
              event.preventDefault();
              const read = parseRange(typed, Date.now());
              if (!read) { setBad(true); return; }
              set(read.text);
              close();
            }}
          >
            <input className="input grow" autoFocus aria-label="Range" aria-invalid={isBad} placeholder="90m, yesterday, 2026-11-30 10:00 → 11-30 12:00"
              value={typed} onChange={(event) => { setTyped(event.target.value); setBad(false); }} />
          </form>
          {isBad && <p className="is-error" role="alert">That is no range: try 90m, 7d, yesterday, or two times with → between.</p>}
          {QUICK_RANGES.map((text) => (
            <button key={text} className="item" onClick={() => { set(text); close(); }}>{parseRange(text, 0)?.label}<span className="muted grow num">{text}</span></button>
          ))}
          <p className="muted" style={{ padding: "4px 8px" }}><span className="kbd">[</span> <span className="kbd">]</span> shift · <span className="kbd">-</span> <span className="kbd">=</span> zoom</p>
        </>
      )}
    </Menu>
  );
}

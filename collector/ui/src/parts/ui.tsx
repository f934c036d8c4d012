// Small parts that all pages share: icons, glyphs of types, states, menus, tabs, copying, errors.
import { useEffect, useId, useRef, useState, type ReactNode, type KeyboardEvent as ReactKeyboardEvent } from "react";
import { ApiError } from "../lib/api";
import { familyOf } from "../lib/types_of_spans";
import type { State } from "../lib/types";

const ICONS: Record<string, string> = {
  traces: "M2 3h8M4 8h9M7 13h7", sessions: "M2 3h12v8H7l-3 3v-3H2z", users: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 14c.6-3 2.800-4.200 5.500-4.200s4.900 1.200 5.500 4.200",
  dashboards: "M2 14V8M6 14V3M10 14V6M14 14v-4", sql: "M3 4l4 4-4 4M8.500 13H14", settings: "M2 4h6M12 4h2M2 12h2M8 12h6M10 2v4M6 10v4M2 8h12",
  logs: "M3 2h10v12H3zM5.500 5h5M5.500 8h5M5.500 11h3", metrics: "M2 11l4-5 3 3 5-6", queue: "M2 4l1.500 1.500L6 3M8 4h6M2 9l1.500 1.500L6 8M8 9h6M8 13h6",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM11 11l3.500 3.500", close: "M4 4l8 8M12 4l-8 8", copy: "M6 6h8v8H6zM10 6V2H2v8h4", more: "M3 8h.01M8 8h.01M13 8h.01",
  down: "M4 6l4 4 4-4", left: "M10 3L5 8l5 5", right: "M6 3l5 5-5 5", help: "M6 6a2 2 0 1 1 3 1.700c-.7.5-1 .8-1 1.800M8 12.500h.01M8 15A7 7 0 1 0 8 1a7 7 0 0 0 0 14z",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.400 1.400M11.600 11.600L13 13M13 3l-1.400 1.400M4.400 11.600L3 13",
  moon: "M13.500 10A6 6 0 0 1 6 2.500 6 6 0 1 0 13.500 10z", columns: "M2 3h12v10H2zM6 3v10M10 3v10", facets: "M2 4h12M4 8h8M6 12h4", open: "M9 2h5v5M14 2L7 9M12 9v5H2V4h5",
  up: "M4 10l4-4 4 4", thumbup: "M2 7h3v7H2zM5 8l3-6c1.500 0 2 1 1.500 2.500L9 6h4.500l-1 8H5", thumbdown: "M2 9h3V2H2zM5 8l3 6c1.500 0 2-1 1.500-2.500L9 10h4.500l-1-8H5", note: "M2 3h12v8H7l-3 3v-3H2z",
};

export function Icon({ name }: { name: string }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={ICONS[name]} fill="none" stroke="currentColor" strokeWidth="1.500" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}

const GLYPHS: Record<string, ReactNode> = {
  model: <path d="M7 1l6 6-6 6-6-6z" fill="currentColor" />,
  agent: <path d="M7 .8l5.500 3.100v6.200L7 13.200l-5.500-3.100V3.900z" fill="currentColor" />,
  tool: <path d="M2 12l5-5m-.5-2.500a3 3 0 0 1 4-3L8.800 3.200l2 2 1.700-1.700a3 3 0 0 1-3 4z" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />,
  retrieval: <path d="M1.500 2h11v2.500h-11zM1.500 6h11v2.500h-11zM1.500 10h11v2.500h-11z" fill="currentColor" />,
  check: <path d="M2 7.500l3.500 3.500L12 3.500" fill="none" stroke="currentColor" strokeWidth="2.200" strokeLinecap="round" />,
  step: <circle cx="7" cy="7" r="3" fill="currentColor" />,
  error: <path d="M7 1.500L13 12.500H1z" fill="currentColor" />,
};

export function Glyph({ type }: { type: string }) {
  const family = familyOf(type);
  return <svg className={`glyph f-${family}`} viewBox="0 0 14 14" role="img" aria-label={type}>{GLYPHS[family]}</svg>;
}

const WORDS: Record<State, string> = { OK: "OK", ERROR: "Error", IN_PROGRESS: "Running" };

export function StateMark({ state, word = false }: { state: State; word?: boolean }) {
  return (
    <span className={`state ${state}`} title={WORDS[state]}>
      <svg className="glyph" viewBox="0 0 14 14" role="img" aria-label={WORDS[state]}>
        {state === "ERROR" ? GLYPHS.error : state === "OK" ? GLYPHS.check : (
          <circle cx="7" cy="7" r="5" fill="none" stroke="currentColor" strokeWidth="2" strokeDasharray="6 4" />
        )}
      </svg>
      {word && WORDS[state]}
    </span>
  );
}

export function ErrorMark({ label = "error" }: { label?: string }) {
  return <svg className="glyph is-error" viewBox="0 0 14 14" role="img" aria-label={label}>{GLYPHS.error}</svg>;
}

/** An error of the API with its hint, in the panel where it happened. */
export function ErrorBox({ error, retry }: { error: unknown; retry?: () => void }) {
  const known = error instanceof ApiError ? error : null;
  return (
    <div className="notice error" role="alert">
      <ErrorMark />
      <div className="grow">
        <div className="iso">{error instanceof Error ? error.message : String(error)}</div>
        {known?.hint && <div className="muted iso">{known.hint}</div>}
      </div>
      {retry && <button className="button small" onClick={retry}>Try again</button>}
    </div>
  );
}

export function Bones({ lines = 8 }: { lines?: number }) {
  return (
    <div className="bones" role="status" aria-label="loading">
      {Array.from({ length: lines }, (_, index) => <i key={index} style={{ width: `${40 + ((index * 37) % 55)}%` }} />)}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return <div className="empty"><strong>{title}</strong>{children}</div>;
}

let tell: ((text: string) => void) | null = null;

export const say = (text: string): void => tell?.(text);

export function Toast() {
  const [text, setText] = useState("");
  useEffect(() => {
    tell = setText;
    return () => { tell = null; };
  }, []);
  useEffect(() => {
    if (!text) return;
    const timer = setTimeout(() => setText(""), 2500);
    return () => clearTimeout(timer);
  }, [text]);
  return <div role="status" aria-live="polite">{text && <div className="toast">{text}</div>}</div>;
}

export async function copy(text: string, what = "Copied"): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy"); // the clipboard's own interface asks for https
    area.remove();
  }
  say(what);
}

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  return <button className="iconbutton" title={label} aria-label={label} onClick={() => void copy(text)}><Icon name="copy" /></button>;
}

interface MenuProps {
  label: ReactNode;
  /** What an icon alone means. */
  name?: string;
  title?: string;
  side?: "left" | "right";
  className?: string;
  children: (close: () => void) => ReactNode;
}

/** A button with a list below; closes on Escape, on a click elsewhere, when focus leaves. */
export function Menu({ label, name, title, side = "right", className = "button", children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();
  const close = (): void => setOpen(false);
  useEffect(() => {
    if (!open) return;
    const elsewhere = (event: Event): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener("pointerdown", elsewhere);
    return () => removeEventListener("pointerdown", elsewhere);
  }, [open]);
  const onKeyDown = (event: ReactKeyboardEvent): void => {
    if (event.key === "Escape" && open) {
      event.stopPropagation();
      close();
      root.current?.querySelector("button")?.focus();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const items = [...(root.current?.querySelectorAll<HTMLElement>(".list button, .list a, .list input") ?? [])];
    if (!items.length) return;
    event.preventDefault();
    const at = items.indexOf(document.activeElement as HTMLElement);
    items[(at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length]?.focus();
  };
  return (
    <div className="menu" ref={root} onKeyDown={onKeyDown}>
      <button className={className} aria-expanded={open} aria-controls={id} aria-label={name} title={title ?? name} onClick={() => setOpen(!open)}>{label}</button>
      {open && <div className={`list ${side}`} id={id}>{children(close)}</div>}
    </div>
  );
}

export function Tabs<T extends string>({ tabs, value, onChange, label }: {
  tabs: readonly (readonly [T, ReactNode])[];
  value: T;
  onChange: (value: T) => void;
  label: string;
}) {
  const onKeyDown = (event: ReactKeyboardEvent): void => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const at = tabs.findIndex(([name]) => name === value);
    const next = tabs[(at + by + tabs.length) % tabs.length];
    if (next) onChange(next[0]);
  };
  return (
    <div className="tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
      {tabs.map(([name, shown]) => (
        <button key={name} role="tab" aria-selected={name === value} tabIndex={name === value ? 0 : -1} onClick={() => onChange(name)}>{shown}</button>
      ))}
    </div>
  );
}

export function Dialog({ open, onClose, title, children }: { open: boolean; onClose: () => void; title: string; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open && dialog.current?.open) dialog.current.close();
  }, [open]);
  return (
    <dialog ref={dialog} onClose={onClose} aria-label={title}>
      <div className="row"><h1 className="grow">{title}</h1><button className="iconbutton" aria-label="Close" onClick={onClose}><Icon name="close" /></button></div>
      {open && children}
    </dialog>
  );
}

/** A vertical bar between two panels; arrow keys move it too. `value` is the right panel's share in per cent. */
export function Splitter({ value, onChange, label }: { value: number; onChange: (value: number) => void; label: string }) {
  const clamp = (share: number): number => Math.min(75, Math.max(25, share));
  return (
    <div
      className="splitter" role="separator" tabIndex={0} aria-orientation="vertical" aria-label={label}
      aria-valuenow={Math.round(value)} aria-valuemin={25} aria-valuemax={75}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        const box = event.currentTarget.parentElement?.getBoundingClientRect();
        if (!box || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
        onChange(clamp(((box.right - event.clientX) / box.width) * 100));
      }}
      onKeyDown={(event) => {
        const by = event.key === "ArrowLeft" ? 3 : event.key === "ArrowRight" ? -3 : 0;
        if (by) { event.preventDefault(); event.stopPropagation(); onChange(clamp(value + by)); }
      }}
    />
  );
}

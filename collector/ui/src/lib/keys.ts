// Keys that work without a modifier. Off while one types, and off altogether where the preference says so (WCAG 2.1.4).
import { useEffect, useRef } from "react";
import { preference } from "./preferences";

export type Keys = Record<string, (event: KeyboardEvent) => void>;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

let pending = "";
let pendingTimer = 0;

/** `{ j: …, "g t": …, Escape: … }`; the last part that was mounted answers first. */
export function useKeys(keys: Keys, enabled = true): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    if (!enabled) return;
    const handler = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
      if (preference("keys") === "off" && event.key.length === 1) return;
      const action = latest.current[pending ? `${pending} ${event.key}` : event.key];
      if (action) {
        event.preventDefault();
        pending = "";
        action(event);
      } else if (event.key.length === 1 && Object.keys(latest.current).some((name) => name.startsWith(`${event.key} `))) {
        pending = event.key;
        clearTimeout(pendingTimer);
        pendingTimer = window.setTimeout(() => { pending = ""; }, 1200);
        event.preventDefault();
      }
    };
    stack.unshift(handler);
    return () => {
      stack.splice(stack.indexOf(handler), 1);
    };
  }, [enabled]);
}

const stack: ((event: KeyboardEvent) => void)[] = [];

addEventListener("keydown", (event) => {
  const had = pending;
  for (const handler of [...stack]) {
    handler(event);
    if (event.defaultPrevented) return;
  }
  if (had && event.key !== "Shift") pending = "";
});

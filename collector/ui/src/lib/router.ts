// The address is the state of a view. Pushed when something is decided, replaced while it is typed or dragged.
import { useMemo, useSyncExternalStore, type AnchorHTMLAttributes, createElement, type MouseEvent } from "react";
import { BASE } from "../base";

const CHANGED = "spanhouse:address";

function subscribe(tell: () => void): () => void {
  addEventListener("popstate", tell);
  addEventListener(CHANGED, tell);
  return () => {
    removeEventListener("popstate", tell);
    removeEventListener(CHANGED, tell);
  };
}

const current = (): string => location.pathname + location.search;

export interface Address {
  path: string;
  parameters: URLSearchParams;
}

export function useAddress(): Address {
  const text = useSyncExternalStore(subscribe, current);
  return useMemo(() => {
    const url = new URL(text, "http://x");
    const path = url.pathname.startsWith(BASE) ? url.pathname.slice(BASE.length - 1) : url.pathname;
    return { path, parameters: url.searchParams };
  }, [text]);
}

export function go(to: string, how: "push" | "replace" = "push"): void {
  const target = BASE + to.replace(/^\//, "");
  if (target === current()) return;
  history[how === "push" ? "pushState" : "replaceState"](null, "", target);
  dispatchEvent(new Event(CHANGED));
}

/** Change parameters of this address; those that are null or empty go, unknown ones stay. */
export function change(values: Record<string, string | null>, how: "push" | "replace" = "push"): void {
  const parameters = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === "") parameters.delete(name);
    else parameters.set(name, value);
  }
  const text = tidy(parameters);
  go(location.pathname.slice(BASE.length) + (text ? `?${text}` : ""), how);
}

/** Query text in which what need not be escaped is not: filters stay readable. */
export function tidy(parameters: URLSearchParams): string {
  return parameters.toString().replace(/%3A/g, ":").replace(/%2C/g, ",").replace(/%27/g, "'").replace(/%28/g, "(").replace(/%29/g, ")");
}

export function link(path: string, parameters: Record<string, string | undefined | null> = {}): string {
  const filled = Object.entries(parameters).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const text = tidy(new URLSearchParams(filled));
  return path + (text ? `?${text}` : "");
}

export const hrefOf = (to: string): string => BASE + to.replace(/^\//, "");

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  to: string;
}

/** An anchor that navigates in place; with a modifier key it stays the browser's. */
export function Link({ to, onClick, ...rest }: LinkProps) {
  return createElement("a", {
    ...rest,
    href: hrefOf(to),
    onClick: (event: MouseEvent<HTMLAnchorElement>) => {
      onClick?.(event);
      if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      go(to);
    },
  });
}

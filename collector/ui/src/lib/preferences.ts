// What this browser remembers. Every value is read through a check; what is not understood is the default.
import { useSyncExternalStore } from "react";

const PREFIX = "spanhouse.1.";

export interface Preferences {
  theme: "system" | "light" | "dark";
  zone: "local" | "utc";
  density: "compact" | "normal" | "cosy";
  keys: "on" | "off";
  facets: "shown" | "hidden";
  markdown: "pretty" | "plain";
  wrap: "on" | "off";
}

const CHOICES: { [K in keyof Preferences]: readonly Preferences[K][] } = {
  theme: ["system", "light", "dark"],
  zone: ["local", "utc"],
  density: ["normal", "compact", "cosy"],
  keys: ["on", "off"],
  facets: ["shown", "hidden"],
  markdown: ["pretty", "plain"],
  wrap: ["on", "off"],
};

const listeners = new Set<() => void>();
let version = 0;

export function stored(name: string): string {
  try {
    return localStorage.getItem(PREFIX + name) ?? "";
  } catch {
    return ""; // storage is forbidden in some frames
  }
}

export function store(name: string, value: string): void {
  try {
    if (value) localStorage.setItem(PREFIX + name, value);
    else localStorage.removeItem(PREFIX + name);
  } catch {
    // nothing is remembered where storage is forbidden or full
  }
  version += 1;
  listeners.forEach((tell) => tell());
}

export function preference<K extends keyof Preferences>(name: K): Preferences[K] {
  const choices = CHOICES[name];
  const value = stored(name) as Preferences[K];
  return choices.includes(value) ? value : (choices[0] as Preferences[K]);
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

export function usePreference<K extends keyof Preferences>(name: K): [Preferences[K], (value: Preferences[K]) => void] {
  useSyncExternalStore(subscribe, () => version);
  return [preference(name), (value) => store(name, value === CHOICES[name][0] ? "" : value)];
}

/** A list of texts that this browser keeps, newest first: recent filters, statements, views. */
export function storedList(name: string): string[] {
  try {
    const value: unknown = JSON.parse(stored(name) || "[]");
    return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
  } catch {
    return [];
  }
}

export function remember(name: string, text: string, most: number): void {
  if (!text.trim()) return;
  store(name, JSON.stringify([text, ...storedList(name).filter((item) => item !== text)].slice(0, most)));
}

export function forgetEverything(): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith("spanhouse.")) localStorage.removeItem(key);
  } catch {
    // nothing was remembered
  }
  version += 1;
  listeners.forEach((tell) => tell());
}

export function useStored(name: string): string {
  useSyncExternalStore(subscribe, () => version);
  return stored(name);
}

const dark = matchMedia("(prefers-color-scheme: dark)");

export function applyTheme(): void {
  const theme = preference("theme");
  const shown = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
  document.documentElement.dataset.theme = shown;
  document.documentElement.dataset.density = preference("density");
}

applyTheme();
dark.addEventListener("change", applyTheme);
listeners.add(applyTheme);

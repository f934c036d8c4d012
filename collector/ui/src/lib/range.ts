// Ranges of time as text of an address: `24h`, `yesterday`, `FROM..TO` (ISO). Relative ranges stay relative.

export interface Range {
  text: string;
  label: string;
  /** What the API takes. */
  since: string;
  until: string;
  fromMs: number;
  toMs: number;
  isRelative: boolean;
}

export const DEFAULT_RANGE = "24h";
export const QUICK_RANGES = ["15m", "1h", "6h", "24h", "7d", "30d", "all"] as const;
const UNITS: Record<string, [number, string]> = {
  s: [1000, "second"],
  m: [60_000, "minute"],
  h: [3_600_000, "hour"],
  d: [86_400_000, "day"],
  w: [604_800_000, "week"],
};
const HORIZON_MS = 365 * 86_400_000;

function absolute(from: number, to: number): Range {
  const [since, until] = [new Date(from).toISOString(), new Date(to).toISOString()];
  const short = (text: string): string => text.slice(0, 16).replace("T", " ");
  return { text: `${since}..${until}`, label: `${short(since)} → ${short(until)}`, since, until, fromMs: from, toMs: to, isRelative: false };
}

/** A range from what is in the address or typed; null when it cannot be read. */
export function parseRange(text: string, now: number): Range | null {
  const trimmed = text.trim().toLowerCase() === "" ? DEFAULT_RANGE : text.trim();
  if (trimmed.toLowerCase() === "all") {
    return { text: "all", label: "All time", since: "", until: "", fromMs: now - HORIZON_MS, toMs: now, isRelative: true };
  }
  const relative = /^(\d{1,6})\s*([smhdw])[a-z]*$/i.exec(trimmed);
  if (relative?.[1] && relative[2]) {
    const amount = Number(relative[1]);
    const [unitMs, unit] = UNITS[relative[2].toLowerCase()] ?? [0, ""];
    if (!amount || !unitMs) return null;
    const weeks = relative[2].toLowerCase() === "w";
    const since = weeks ? `${amount * 7}d` : `${amount}${relative[2].toLowerCase()}`;
    const label = `Last ${amount === 1 ? unit : `${amount} ${unit}s`}`;
    return { text: since, label, since, until: "", fromMs: now - amount * unitMs, toMs: now, isRelative: true };
  }
  if (/^(today|yesterday)$/i.test(trimmed)) {
    const day = new Date(now);
    day.setHours(0, 0, 0, 0);
    const start = trimmed.toLowerCase() === "today" ? day.getTime() : day.getTime() - 86_400_000;
    return { ...absolute(start, Math.min(now, start + 86_400_000)), text: trimmed.toLowerCase(), label: trimmed };
  }
  const ends = trimmed.split(/\.\.|→|\bto\b/);
  if (ends.length !== 2) return null;
  const [from, to] = ends.map((end) => Date.parse((end ?? "").trim().replace(/^(\d{4}-\d\d-\d\d) /, "$1T")));
  if (from === undefined || to === undefined || Number.isNaN(from) || Number.isNaN(to) || from >= to) return null;
  return absolute(from, to);
}

export const rangeOf = (text: string | null | undefined, now = Date.now()): Range =>
  parseRange(text ?? "", now) ?? (parseRange(DEFAULT_RANGE, now) as Range);

export const between = (fromMs: number, toMs: number): string => absolute(fromMs, Math.max(toMs, fromMs + 1)).text;

/** The same width earlier (-1) or later (1). */
export function shifted(range: Range, by: number): string {
  const width = range.toMs - range.fromMs;
  return between(range.fromMs + by * width, range.toMs + by * width);
}

export function zoomed(range: Range, factor: number): string {
  const [middle, half] = [(range.fromMs + range.toMs) / 2, ((range.toMs - range.fromMs) / 2) * factor];
  return between(middle - half, middle + half);
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800];

/** Width of a bucket in seconds so that there are about as many as asked for. */
export function bucketSeconds(range: Range, buckets = 80): number {
  const wanted = (range.toMs - range.fromMs) / 1000 / buckets;
  return STEPS.find((step) => step >= wanted) ?? 1_209_600;
}

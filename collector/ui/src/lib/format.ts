// Numbers, durations, money and times as people read them. One formatter for all pages.
import { preference } from "./preferences";
import type { Nanos } from "./types";

export const MISSING = "–";

const three = (value: number): string => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));

/** `812 µs`, `34.2 ms`, `1.84 s`, `2 m 03 s`, `1 h 04 m`. */
export function duration(ns: number | null | undefined): string {
  if (ns === null || ns === undefined || Number.isNaN(ns)) return MISSING;
  if (ns < 0) return `-${duration(-ns)}`;
  if (ns < 999.5) return `${Math.round(ns)} ns`;
  if (ns < 999.5e3) return `${three(ns / 1e3)} µs`;
  if (ns < 999.5e6) return `${three(ns / 1e6)} ms`;
  if (ns < 59.995e9) return `${three(ns / 1e9)} s`;
  const seconds = Math.round(ns / 1e9);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} m`;
  return `${three(minutes / 1440)} d`;
}

/** `812`, `12.4k`, `1.28M`. */
export function count(value: number | null | undefined): string {
  if (value === null || value === undefined) return MISSING;
  const size = Math.abs(value);
  if (size < 1000) return Number.isInteger(value) ? String(value) : three(value);
  if (size < 999_500) return `${three(value / 1000)}k`;
  if (size < 999.5e6) return `${three(value / 1e6)}M`;
  return `${three(value / 1e9)}G`;
}

export const exact = (value: number | null | undefined): string =>
  value === null || value === undefined ? MISSING : value.toLocaleString("en-GB", { maximumFractionDigits: 6 });

export function tokens(input: number | null | undefined, output: number | null | undefined): string {
  if (!input && !output) return MISSING;
  return `${count(input ?? 0)} → ${count(output ?? 0)}`;
}

/** `$0.0042`; below a hundredth of a cent `<$0.0001`; unknown is `–`, never `$0`. */
export function money(usd: number | null | undefined): string {
  if (usd === null || usd === undefined) return MISSING;
  if (usd === 0) return "$0";
  const size = Math.abs(usd);
  if (size < 0.0001) return "<$0.0001";
  if (size < 0.1) return `$${usd.toFixed(4)}`;
  if (size < 100) return `$${usd.toFixed(2)}`;
  return `$${usd.toLocaleString("en-GB", { maximumFractionDigits: 0 })}`;
}

export const percent = (share: number | null | undefined): string =>
  share === null || share === undefined || Number.isNaN(share) ? MISSING : `${(share * 100).toFixed(1)} %`;

export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  if (size < 1e6) return `${three(size / 1e3)} kB`;
  if (size < 1e9) return `${three(size / 1e6)} MB`;
  return `${three(size / 1e9)} GB`;
}

export const millis = (nanos: Nanos): number =>
  typeof nanos === "number" ? nanos / 1e6 : Number(BigInt(nanos) / 1_000n) / 1000;

const parts = (ms: number): { year: number; month: number; day: number; clock: string } => {
  const date = new Date(ms);
  const utc = preference("zone") === "utc";
  const two = (value: number): string => String(value).padStart(2, "0");
  const [year, month, day, hour, minute, second] = utc
    ? [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
    : [date.getFullYear(), date.getMonth(), date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()];
  const ms3 = String(Math.floor(((ms % 1000) + 1000) % 1000)).padStart(3, "0");
  return { year, month: month + 1, day, clock: `${two(hour)}:${two(minute)}:${two(second)}.${ms3}` };
};

/** `10:32:07.123`, with the date when that is not today. */
export function time(nanos: Nanos | null | undefined, now = Date.now()): string {
  if (nanos === null || nanos === undefined) return MISSING;
  const [then, today] = [parts(millis(nanos)), parts(now)];
  if (then.year === today.year && then.month === today.month && then.day === today.day) return then.clock;
  const day = `${String(then.month).padStart(2, "0")}-${String(then.day).padStart(2, "0")}`;
  return `${then.year === today.year ? "" : `${then.year}-`}${day} ${then.clock.slice(0, 8)}`;
}

/** `2026-11-30 10:32` for ends of ranges. */
export function minute(ms: number): string {
  const { year, month, day, clock } = parts(ms);
  return `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")} ${clock.slice(0, 5)}`;
}

export function iso(nanos: Nanos): string {
  if (typeof nanos === "number") return new Date(nanos / 1e6).toISOString();
  const whole = BigInt(nanos);
  const fraction = String(whole % 1_000_000_000n).padStart(9, "0");
  return new Date(Number(whole / 1_000_000n)).toISOString().replace(/\.\d+Z$/, `.${fraction}Z`);
}

export function age(nanos: Nanos | null | undefined, now = Date.now()): string {
  if (nanos === null || nanos === undefined) return MISSING;
  const seconds = Math.max(0, (now - millis(nanos)) / 1000);
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

export function zoneName(): string {
  if (preference("zone") === "utc") return "UTC";
  const offset = -new Date().getTimezoneOffset();
  if (offset === 0) return "UTC";
  const hours = Math.floor(Math.abs(offset) / 60);
  const minutes = Math.abs(offset) % 60;
  return `UTC${offset < 0 ? "−" : "+"}${hours}${minutes ? `:${String(minutes).padStart(2, "0")}` : ""}`;
}

/** A value of any type as one would read it in a line. */
export const plain = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));

export const plural = (n: number, one: string, many = `${one}s`): string => `${exact(n)} ${n === 1 ? one : many}`;

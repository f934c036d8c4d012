// The JSON API: one fetch, one shape of errors, integers that keep their digits.
import { BASE } from "../base";
import { stored } from "./preferences";

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string;
  readonly position: number | null;
  constructor(status: number, body: { code?: string; message?: string; hint?: string; position?: number | null }) {
    super(body.message ?? `HTTP ${status}`);
    this.status = status;
    this.code = body.code ?? `http_${status}`;
    this.hint = body.hint ?? "";
    this.position = body.position ?? null;
  }
}

const LONG_INTEGER = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+])-?\d{16,}(?![\d.eE])/g;

/** JSON in which integers of 16 digits and more become text: JavaScript's numbers would change them. */
export function parseExact(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(text.replace(LONG_INTEGER, (found) => (found[0] === '"' ? found : `"${found}"`)));
}

export interface AskOptions {
  method?: string;
  body?: unknown;
  signal?: AbortSignal;
  accept?: string;
}

export function headersFor(options: AskOptions): HeadersInit {
  const key = stored("key");
  return {
    accept: options.accept ?? "application/json",
    ...(options.body === undefined ? {} : { "content-type": "application/json" }),
    ...(key ? { authorization: `Bearer ${key}` } : {}),
  };
}

export async function askRaw(path: string, options: AskOptions = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(BASE + path, {
      method: options.method ?? (options.body === undefined ? "GET" : "POST"),
      headers: headersFor(options),
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(0, { message: "The collector does not answer.", hint: "Is it running? This page tries again." });
  }
  if (response.ok) return response;
  let detail: ConstructorParameters<typeof ApiError>[1] = { message: `HTTP ${response.status}` };
  try {
    const body = JSON.parse(await response.text()) as { error?: typeof detail; message?: string };
    detail = body.error ?? { message: body.message };
  } catch {
    detail = { message: `HTTP ${response.status} ${response.statusText}` };
  }
  throw new ApiError(response.status, detail);
}

/** Ask a path below the UI's base; query parameters that are empty are left out. */
export async function ask<T>(path: string, options: AskOptions = {}): Promise<T> {
  const response = await askRaw(path, options);
  return parseExact(await response.text()) as T;
}

export function query(parameters: Record<string, string | number | boolean | undefined | null>): string {
  const pairs = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  return text ? `?${text}` : "";
}

/** The project of a request; `*` in an address means all. */
export const projectOf = (project: string): string => (project === "*" ? "" : project);

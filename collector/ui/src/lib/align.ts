// Two traces side by side: spans aligned by path, name and ordinal; texts compared line by line.
import type { TraceTree } from "./trace";

export interface Pair {
  key: string;
  depth: number;
  a: number | null;
  b: number | null;
}

/** `root/agent[0]/chat[1]`: where a span stands, independent of ids and times. */
export function paths(tree: TraceTree): string[] {
  const found: string[] = [];
  const seen = new Map<string, number>();
  for (let at = 0; at < tree.n; at += 1) {
    const parent = (tree.parent[at] as number) >= 0 ? (found[tree.parent[at] as number] ?? "") : "";
    const place = `${parent}\u0000${tree.types[at]} ${tree.names[at]}`;
    const ordinal = seen.get(place) ?? 0;
    seen.set(place, ordinal + 1);
    found.push(`${place}\u0001${ordinal}`);
  }
  return found;
}

/** Rows of both in the order of the first, what only the second has where it stands there. */
export function aligned(a: TraceTree, b: TraceTree): Pair[] {
  const [left, right] = [paths(a), paths(b)];
  const placeB = new Map(right.map((path, at) => [path, at]));
  const placeA = new Set(left);
  const rows: Pair[] = left.map((key, at) => ({ key, depth: a.depth[at] as number, a: at, b: placeB.get(key) ?? null }));
  let last = -1;
  for (const [at, key] of right.entries()) {
    const known = placeA.has(key) ? rows.findIndex((row) => row.key === key) : -1;
    if (known >= 0) last = known;
    else {
      last += 1;
      rows.splice(last, 0, { key, depth: b.depth[at] as number, a: null, b: at });
    }
  }
  return rows;
}

export interface DiffLine {
  kind: "same" | "add" | "del";
  text: string;
}

const LINES_MAX = 2000;

/** Longest common subsequence of lines; beyond a size, what is equal at both ends and the rest as replaced. */
export function lineDiff(before: string, after: string): DiffLine[] {
  const [a, b] = [before === "" ? [] : before.split("\n"), after === "" ? [] : after.split("\n")];
  let [head, tail] = [0, 0];
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const [x, y] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  const line = (kind: DiffLine["kind"]) => (text: string): DiffLine => ({ kind, text });
  const middle = x.length * y.length > LINES_MAX * 100 ? [...x.map(line("del")), ...y.map(line("add"))] : common(x, y);
  return [...a.slice(0, head).map(line("same")), ...middle, ...a.slice(a.length - tail).map(line("same"))];
}

function common(x: string[], y: string[]): DiffLine[] {
  const width = y.length + 1;
  const lengths = new Uint32Array((x.length + 1) * width);
  for (let i = x.length - 1; i >= 0; i -= 1) {
    for (let j = y.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = x[i] === y[j] ? (lengths[(i + 1) * width + j + 1] as number) + 1 : Math.max(lengths[(i + 1) * width + j] as number, lengths[i * width + j + 1] as number);
    }
  }
  const found: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < x.length || j < y.length) {
    if (i < x.length && j < y.length && x[i] === y[j]) {
      found.push({ kind: "same", text: x[i] as string });
      i += 1;
      j += 1;
    } else if (j >= y.length || (i < x.length && (lengths[(i + 1) * width + j] as number) >= (lengths[i * width + j + 1] as number))) {
      found.push({ kind: "del", text: x[i] as string });
      i += 1;
    } else {
      found.push({ kind: "add", text: y[j] as string });
      j += 1;
    }
  }
  return found;
}

// After Vite: compress each file beside itself, and fail when the page weighs more than its budget.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const OUT = new URL("../../spanhouse_collector/_ui/", import.meta.url).pathname;
const FIRST_ROWS_BYTES_MAX = 200_000; // of gzip, before the first rows of the list of traces
const ALL_BYTES_MAX = 600_000;
const FIRST_PAGE = "index.html";

const sizes = new Map();
for (const name of readdirSync(join(OUT, "assets"))) {
  const path = join(OUT, "assets", name);
  const bytes = readFileSync(path);
  const packed = gzipSync(bytes, { level: 9 });
  sizes.set(`assets/${name}`, packed.length);
  if (!/\.(js|css|svg)$/.test(name)) continue;
  writeFileSync(`${path}.gz`, packed);
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
}

const manifest = JSON.parse(readFileSync(join(OUT, "manifest.json"), "utf8"));
const first = new Set();
const add = (key) => {
  const entry = manifest[key];
  if (first.has(entry.file)) return;
  first.add(entry.file);
  for (const css of entry.css ?? []) first.add(css);
  for (const key of entry.imports ?? []) add(key);
};
add(FIRST_PAGE);

const sum = (names) => [...names].reduce((total, name) => total + (sizes.get(name) ?? 0), 0);
const firstBytes = sum(first);
const allBytes = sum(sizes.keys());
console.log(`gzip: ${(firstBytes / 1000).toFixed(1)} kB before first rows, ${(allBytes / 1000).toFixed(1)} kB in all`);
for (const [what, bytes, most] of [
  ["before the first rows", firstBytes, FIRST_ROWS_BYTES_MAX],
  ["in all", allBytes, ALL_BYTES_MAX],
]) {
  if (bytes > most) {
    console.error(`the budget is ${most} bytes of gzip ${what}; this build has ${bytes}`);
    process.exitCode = 1;
  }
}

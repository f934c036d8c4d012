// Settings: what this browser prefers, how the collector does, prices, models without one, version.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ask, askRaw, projectOf, query } from "../lib/api";
import { apiAddress } from "../lib/copy";
import { bytes, count, exact, plain } from "../lib/format";
import { forgetEverything, store, usePreference, useStored, type Preferences } from "../lib/preferences";
import { Bones, CopyButton, ErrorBox, say } from "../parts/ui";

const CHOICES: [keyof Preferences, string, [string, string][]][] = [
  ["theme", "Theme", [["system", "as the system"], ["light", "light"], ["dark", "dark"]]],
  ["zone", "Times", [["local", "of this computer"], ["utc", "UTC"]]],
  ["density", "Rows", [["compact", "compact"], ["normal", "normal"], ["cosy", "cosy"]]],
  ["keys", "Single keys", [["on", "on"], ["off", "off"]]],
  ["markdown", "Text of models", [["pretty", "formatted"], ["plain", "as sent"]]],
];

export default function SettingsPage({ project }: { project: string }) {
  return (
    <div className="page" tabIndex={0} aria-label="Settings">
      <div className="settings">
        <section><h2>This browser</h2>{CHOICES.map(([name, label, choices]) => <Choice key={name} name={name} label={label} choices={choices} />)}<Key />
          <div className="field"><span>Everything kept here</span><span><button className="button danger" onClick={() => { forgetEverything(); say("Forgotten"); }}>Reset the UI</button></span></div></section>
        <Collector />
        <Prices project={project} />
      </div>
    </div>
  );
}

function Choice({ name, label, choices }: { name: keyof Preferences; label: string; choices: [string, string][] }) {
  const [value, set] = usePreference(name);
  return (
    <div className="field"><label htmlFor={`p-${name}`}>{label}</label>
      <select id={`p-${name}`} className="input" value={value} onChange={(event) => set(event.target.value as Preferences[typeof name])}>{choices.map(([each, shown]) => <option key={each} value={each}>{shown}</option>)}</select></div>
  );
}

function Key() {
  const known = useStored("key");
  const [key, setKey] = useState("");
  const cache = useQueryClient();
  return (
    <form className="field" onSubmit={(event) => { event.preventDefault(); store("key", key.trim()); setKey(""); void cache.invalidateQueries(); say("Kept"); }}>
      <label htmlFor="p-key">API key</label>
      <span className="row"><input id="p-key" type="password" autoComplete="off" className="input" placeholder={known ? "one is kept" : "none"} value={key} onChange={(event) => setKey(event.target.value)} /><button className="button" disabled={!key.trim()}>Keep</button>{known && <button type="button" className="button" onClick={() => { store("key", ""); void cache.invalidateQueries(); }}>Sign out</button>}</span>
    </form>
  );
}

/** Counters of `/metrics` in words. */
const WORDS: [RegExp, string][] = [
  [/items_accepted|accepted_items|items_total|received/, "received"], [/refused|rejected/, "refused"], [/quarantine/, "in quarantine"], [/wal_.*bytes/, "waiting in the log"], [/wal_age/, "oldest waiting"], [/inflight/, "requests held"], [/duplicate/, "repeats dropped"],
];

interface Metric {
  name: string;
  labels: string;
  value: number;
  help: string;
}

export function parseMetrics(text: string): Metric[] {
  const help = new Map<string, string>();
  const found: Metric[] = [];
  for (const line of text.split("\n")) {
    const about = /^# HELP (\S+) (.*)$/.exec(line);
    if (about?.[1]) help.set(about[1], about[2] ?? "");
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([-+.\deEinfNa]+)/.exec(line);
    if (!sample?.[1] || /_bucket$|_created$/.test(sample[1])) continue;
    found.push({ name: sample[1], labels: (sample[2] ?? "").replaceAll('"', ""), value: Number(sample[3]), help: help.get(sample[1]) ?? help.get(sample[1].replace(/_(total|sum|count)$/, "")) ?? "" });
  }
  return found;
}

function Collector() {
  const ready = useQuery({ queryKey: ["readyz"], queryFn: async ({ signal }) => (await fetch(apiAddress("readyz"), { signal })).json() as Promise<{ status: string; reasons: string[] }>, refetchInterval: 10_000 });
  const metrics = useQuery({ queryKey: ["metrics"], queryFn: async ({ signal }) => parseMetrics(await (await askRaw("metrics", { signal, accept: "text/plain" })).text()), refetchInterval: 10_000 });
  const about = useQuery({ queryKey: ["openapi"], staleTime: Infinity, queryFn: ({ signal }) => ask<{ info: { version: string } }>("api/openapi.json", { signal }) });
  const shown = (metrics.data ?? []).filter((metric) => metric.name.startsWith("spanhouse") && metric.value !== 0);
  return (
    <section>
      <h2>The collector</h2>
      <dl className="facts2">
        <dt>State</dt><dd>{ready.data ? (ready.data.status === "ready" ? "ready" : `not ready: ${ready.data.reasons.join("; ")}`) : "…"}</dd>
        <dt>Version</dt><dd>{about.data?.info.version ?? "…"}</dd>
        {[["OTLP/HTTP", "v1/traces"], ["JSON API", "api/openapi.json"], ["ClickHouse protocol", "clickhouse/"], ["Metrics", "metrics"]].map(([name = "", path = ""]) => <div key={path} style={{ display: "contents" }}><dt>{name}</dt><dd className="row"><span className="mono iso">{apiAddress(path)}</span><CopyButton text={apiAddress(path)} /></dd></div>)}
      </dl>
      {metrics.isPending && <Bones lines={4} />}
      {metrics.isError && <ErrorBox error={metrics.error} retry={() => void metrics.refetch()} />}
      {shown.length > 0 && (
        <details><summary>Counters and limits ({shown.length})</summary>
          <div className="tablewrap" tabIndex={0} role="region" aria-label="Counters"><table className="data"><thead><tr><th>What</th><th>Of</th><th className="num">Value</th></tr></thead>
            <tbody>{shown.map((metric) => <tr key={metric.name + metric.labels}><td title={metric.name}>{metric.help || (WORDS.find(([known]) => known.test(metric.name))?.[1] ?? metric.name)}</td><td className="muted">{metric.labels}</td><td className="num" title={exact(metric.value)}>{metric.name.includes("bytes") ? bytes(metric.value) : count(metric.value)}</td></tr>)}</tbody></table></div>
        </details>
      )}
    </section>
  );
}

interface Unknown {
  models?: Record<string, unknown>[];
  unknown?: Record<string, unknown>[];
  [key: string]: unknown;
}

function Prices({ project }: { project: string }) {
  const unknown = useQuery({ queryKey: ["unpriced", project], retry: false, queryFn: ({ signal }) => ask<Unknown>(`api/v1/prices/unknown${query({ project: projectOf(project) })}`, { signal }) });
  const prices = useQuery({ queryKey: ["prices", project], retry: false, queryFn: ({ signal }) => ask<Unknown>(`api/v1/prices${query({ project: projectOf(project) })}`, { signal }) });
  const rowsOf = (answer: Unknown | undefined): Record<string, unknown>[] => (Object.values(answer ?? {}).find(Array.isArray) as Record<string, unknown>[] | undefined) ?? [];
  const table = (label: string, rows: Record<string, unknown>[]) => {
    const names = Object.keys(rows[0] ?? {}).slice(0, 8);
    return (
      <div className="tablewrap" tabIndex={0} role="region" aria-label={label}><table className="data"><thead><tr>{names.map((name) => <th key={name}>{name.replaceAll("_", " ")}</th>)}</tr></thead>
        <tbody>{rows.slice(0, 200).map((row, index) => <tr key={index}>{names.map((name) => <td key={name} className="cut iso">{row[name] === null || row[name] === undefined ? "–" : plain(row[name])}</td>)}</tr>)}</tbody></table></div>
    );
  };
  return (
    <section>
      <h2>Prices</h2>
      <h3>Models without a price</h3>
      {unknown.isError && <ErrorBox error={unknown.error} />}
      {unknown.isSuccess && (rowsOf(unknown.data).length ? table("Models without a price", rowsOf(unknown.data)) : <p className="muted">Every model that was called has one.</p>)}
      <h3>Own prices</h3>
      {prices.isError && <ErrorBox error={prices.error} />}
      {prices.isSuccess && (rowsOf(prices.data).length ? table("Own prices", rowsOf(prices.data)) : <p className="muted">None: the catalogue of genai-prices counts. <code>spanhouse prices set --help</code> tells how to set one.</p>)}
    </section>
  );
}

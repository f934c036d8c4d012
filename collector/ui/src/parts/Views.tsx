// Views: addresses by name. Some are given, others are kept in this browser.
import { useState } from "react";
import { remember, storedList, store } from "../lib/preferences";
import { change, go, link, useAddress, tidy } from "../lib/router";
import { Icon, Menu } from "./ui";

const GIVEN: [string, { q?: string; of?: string; sort?: string }][] = [
  ["All", {}],
  ["Errors", { q: "trace.error_count > 0" }],
  ["Slow", { sort: "duration_ns-" }],
  ["Expensive", { sort: "cost_usd-" }],
  ["Negative feedback", { q: "feedback.user = false" }],
  ["LLM calls", { q: "span_type = 'LLM'", of: "spans" }],
  ["Tool calls", { q: "span_type = 'TOOL'", of: "spans" }],
];
const KEPT_MAX = 30;

export function Views({ project }: { project: string }) {
  const { parameters } = useAddress();
  const [name, setName] = useState("");
  const own = storedList("views").map((text) => text.split("\t") as [string, string]);
  return (
    <Menu name="Views" label={<>Views<Icon name="down" /></>}>
      {(close) => (
        <>
          {GIVEN.map(([title, view]) => (
            <button key={title} className="item" onClick={() => { change({ q: view.q ?? null, of: view.of ?? null, sort: view.sort ?? null, peek: null }); close(); }}>{title}</button>
          ))}
          {own.map(([title, text]) => (
            <div key={title} className="row">
              <button className="item grow" onClick={() => { go(`/p/${project}/traces?${text}`); close(); }}><span className="cut">{title}</span></button>
              <button className="iconbutton" aria-label={`Forget ${title}`} onClick={() => store("views", JSON.stringify(storedList("views").filter((kept) => kept !== `${title}\t${text}`)))}><Icon name="close" /></button>
            </div>
          ))}
          <form className="row" style={{ padding: 4 }} onSubmit={(event) => {
            event.preventDefault();
            const kept = new URLSearchParams(parameters);
            kept.delete("peek");
            kept.delete("span");
            if (name.trim()) remember("views", `${name.trim()}\t${tidy(kept)}`, KEPT_MAX);
            setName("");
            close();
          }}>
            <input className="input grow" placeholder="Keep this view as …" aria-label="Name of the view" value={name} onChange={(event) => setName(event.target.value)} />
            <button className="button">Keep</button>
          </form>
          <a className="sr" href={link(`/p/${project}/traces`)}>All traces</a>
        </>
      )}
    </Menu>
  );
}

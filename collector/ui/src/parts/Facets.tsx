// Facets: click adds a value to the filter, Alt-click excludes it. Counts leave out the facet's own condition.
import { useState, type MouseEvent } from "react";
import { chosenValues, quoted, toggledValue, withCondition } from "../lib/filter";
import { count, exact } from "../lib/format";
import { facetsOf, useFacets, type Question } from "../lib/lists";
import { store, stored } from "../lib/preferences";
import { Glyph, StateMark } from "./ui";
import type { State } from "../lib/types";

const SHOWN = 8;
const OPEN_FIRST = "trace.state,span_type,service_name,model,error_type";

export function Facets({ question, onFilter, enabled }: { question: Question; onFilter: (filter: string) => void; enabled: boolean }) {
  const [open, setOpen] = useState(() => (stored("facets.open") || OPEN_FIRST).split(","));
  const [whole, setWhole] = useState<string[]>([]);
  const [search, setSearch] = useState("");
  const answer = useFacets(question, open, enabled);
  const toggle = (field: string): void => {
    const next = open.includes(field) ? open.filter((each) => each !== field) : [...open, field];
    setOpen(next);
    store("facets.open", next.join(",") || "none");
  };
  const choose = (event: MouseEvent, field: string, value: string): void =>
    onFilter(event.altKey ? withCondition(question.filter, `${field} != ${quoted(value)}`) : toggledValue(question.filter, field, value));
  return (
    <aside className="facets" aria-label="Facets">
      <div style={{ padding: "4px 12px 6px" }}>
        <input className="input" style={{ width: "100%" }} type="search" placeholder="Search values" aria-label="Search values of facets" value={search} onChange={(event) => setSearch(event.target.value)} />
      </div>
      {answer.isError && <p className="is-error" style={{ padding: "0 12px 6px" }} role="alert">{answer.error.message}</p>}
      {facetsOf(question.of).map(({ field, label }) => {
        const chosen = chosenValues(question.filter, field);
        const all = (answer.data?.[field] ?? []).filter(({ value }) => value.toLowerCase().includes(search.toLowerCase()));
        const shown = whole.includes(field) || search ? all : all.slice(0, SHOWN);
        const most = Math.max(1, ...all.map((each) => each.count));
        return (
          <details key={field} className="facet" open={open.includes(field)}>
            <summary onClick={(event) => { event.preventDefault(); toggle(field); }}>
              {label}{chosen.size > 0 && <span className="chip accent">{chosen.size}</span>}
            </summary>
            {answer.data?.[field] && all.length === 0 && <p className="muted" style={{ padding: "0 12px 6px 22px" }}>none</p>}
            <ul>
              {shown.map(({ value, count: n }) => (
                <li key={value}>
                  <button className="facetvalue" aria-pressed={chosen.has(value)} title={`${value}: ${exact(n)}. Alt-click excludes it`} onClick={(event) => choose(event, field, value)}>
                    {field === "span_type" && <Glyph type={value} />}
                    {field === "trace.state" && <StateMark state={value as State} />}
                    <span className="cut grow iso">{value}</span><span className="muted num">{count(n)}</span>
                    <span className="bar" style={{ width: `calc((100% - 34px) * ${n / most})` }} />
                  </button>
                </li>
              ))}
            </ul>
            {all.length > shown.length && <button className="facetvalue muted" onClick={() => setWhole([...whole, field])}>{all.length - shown.length} more</button>}
          </details>
        );
      })}
    </aside>
  );
}

// The conditions of the filter that AND joins at the top, each to be dropped or turned around.
import { conditions, negated, withoutCondition } from "../lib/filter";

export function Chips({ filter, onFilter }: { filter: string; onFilter: (filter: string) => void }) {
  const parts = filter.trim() ? conditions(filter) : [];
  if (parts === null) return <span className="chip" title={filter}><span className="cut">{filter}</span></span>;
  return (
    <>
      {parts.map((part) => (
        <span className="chip" key={part.start}>
          <button className="plain mono cut" title={`${part.text}: click edits it, Alt-click turns it around`} onClick={(event) => {
            if (event.altKey) onFilter(filter.slice(0, part.start) + negated(part.text) + filter.slice(part.end));
            else edit(part.start, part.end);
          }}>{part.text}</button>
          <button className="x" aria-label={`Drop ${part.text}`} onClick={() => onFilter(withoutCondition(filter, part))}>×</button>
        </span>
      ))}
    </>
  );
}

function edit(start: number, end: number): void {
  const area = document.getElementById("filter");
  if (!(area instanceof HTMLTextAreaElement)) return;
  area.focus();
  area.setSelectionRange(start, end);
}

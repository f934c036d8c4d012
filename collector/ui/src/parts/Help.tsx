// Every key, in one table that the help shows and the documentation repeats.
const KEYS: [string, [string, string][]][] = [
  ["Everywhere", [["?", "this page"], ["/", "filter or find"], ["g t", "traces"], ["g s", "sessions"], ["g u", "users"], ["g d", "dashboards"], ["g q", "SQL"], ["g a", "annotation queue"], ["g l", "logs"], ["g m", "metrics"], ["g e", "settings"], ["R", "ask again"]]],
  ["Lists", [["j k ↓ ↑", "rows"], ["Enter", "open"], ["o", "open in a new tab"], ["Space", "peek"], ["x", "select"], ["c", "compare two"], ["l", "live"], ["[ ]", "earlier, later"], ["- =", "wider, narrower"], ["y", "copy link"]]],
  ["A trace", [["j k", "spans"], ["h ←", "fold"], ["l →", "unfold"], ["H L", "fold, unfold all"], ["e E", "next, previous error"], ["n N", "next, previous match"], ["f 0", "fit selection, fit all"], ["p", "critical path"], ["w t v", "waterfall, transcript, graph"], ["r", "raw"], ["J K", "next, previous trace"], ["u d", "thumbs"], ["1–5", "score"], ["m", "comment"], ["Esc", "back"]]],
];

export function Help() {
  return (
    <div style={{ display: "grid", gridTemplateColumns: "repeat(auto-fit, minmax(200px, 1fr))", gap: 20, marginTop: 12 }}>
      {KEYS.map(([title, keys]) => (
        <section key={title}>
          <h3>{title}</h3>
          <dl className="facts2" style={{ marginTop: 6 }}>
            {keys.map(([key, about]) => (
              <div key={key} style={{ display: "contents" }}><dt><span className="kbd">{key}</span></dt><dd>{about}</dd></div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}

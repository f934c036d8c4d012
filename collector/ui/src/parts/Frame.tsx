// The frame of all pages: rail, top bar with project, range, search and theme, help, and keys that go anywhere.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";
import { ask } from "../lib/api";
import { useKeys } from "../lib/keys";
import { usePreference } from "../lib/preferences";
import { go, Link, link, useAddress } from "../lib/router";
import { Help } from "./Help";
import { RangePicker } from "./RangePicker";
import { Dialog, Icon, Menu, Toast } from "./ui";
import logo from "../logo.svg";

const PAGES = [
  ["traces", "Traces", "t"],
  ["sessions", "Sessions", "s"],
  ["users", "Users", "u"],
  ["dashboards", "Dashboards", "d"],
  ["sql", "SQL", "q"],
  ["queue", "Annotation queue", "a"],
  ["logs", "Logs", "l"],
  ["metrics", "Metrics", "m"],
] as const;

const WITH_RANGE = new Set(["traces", "sessions", "users", "user", "dashboards", "queue", "logs", "metrics"]);

export function useProjects() {
  return useQuery({
    queryKey: ["projects"],
    queryFn: ({ signal }) => ask<{ projects: { project: string; span_count: number }[] }>("api/v1/projects?limit=200", { signal }),
    staleTime: 30_000,
  });
}

export function Frame({ project, page, title, children }: { project: string; page: string; title?: ReactNode; children: ReactNode }) {
  const { parameters } = useAddress();
  const [theme, setTheme] = usePreference("theme");
  const [help, setHelp] = useState(false);
  const projects = useProjects();
  const cache = useQueryClient();
  const range = parameters.get("range");
  const to = (name: string): string => link(`/p/${project}/${name}`, { range });
  useKeys({
    "?": () => setHelp(true),
    ...Object.fromEntries(PAGES.map(([name, , key]) => [`g ${key}`, () => go(to(name))])),
    "g e": () => go(to("settings")),
    "/": () => (document.getElementById("filter") ?? document.getElementById("find"))?.focus(),
    R: () => void cache.invalidateQueries(),
  });
  const shownTitle = typeof title === "string" ? title : (PAGES.find(([name]) => name === page)?.[1] ?? "Spanhouse");
  useEffect(() => {
    document.title = `${shownTitle} · Spanhouse`;
  }, [shownTitle]);
  const isDark = document.documentElement.dataset.theme === "dark";
  return (
    <div className="frame">
      <a className="skip" href="#main">Skip to content</a>
      <nav className="rail" aria-label="Pages">
        <Link to={to("traces")} className="brand"><img src={logo} width={20} height={20} alt="" /><span>Spanhouse</span></Link>
        {PAGES.map(([name, label]) => (
          <Link key={name} to={to(name)} title={label} aria-label={label} aria-current={page === name ? "page" : undefined}><Icon name={name} /><span>{label}</span></Link>
        ))}
        <Link to={to("settings")} title="Settings" aria-label="Settings" className="last" aria-current={page === "settings" ? "page" : undefined}><Icon name="settings" /><span>Settings</span></Link>
      </nav>
      <header className="top">
        <Menu side="left" title="Project" className="button" label={<><span className="cut">{project === "*" ? "All projects" : project}</span><Icon name="down" /></>}>
          {(close) => (
            <>
              {["*", ...(projects.data?.projects.map((each) => each.project) ?? [])].map((name) => (
                <button key={name} className="item" onClick={() => { close(); go(link(`/p/${name}/${page === "trace" || page === "session" ? "traces" : page}`, { range })); }}>
                  {name === "*" ? "All projects" : name}
                </button>
              ))}
            </>
          )}
        </Menu>
        <h1 className="cut grow">{title ?? shownTitle}</h1>
        {WITH_RANGE.has(page) && <RangePicker />}
        <button className="iconbutton" aria-label={isDark ? "Light theme" : "Dark theme"} title={isDark ? "Light theme" : "Dark theme"} onClick={() => setTheme(isDark ? "light" : "dark")} data-theme-choice={theme}>
          <Icon name={isDark ? "sun" : "moon"} />
        </button>
        <button className="iconbutton hide-s" aria-label="Keys and help" title="Keys and help (?)" onClick={() => setHelp(true)}><Icon name="help" /></button>
      </header>
      <main className="main" id="main">{children}</main>
      <Dialog open={help} onClose={() => setHelp(false)} title="Keys"><Help /></Dialog>
      <Toast />
    </div>
  );
}

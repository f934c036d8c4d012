// Which page an address shows.
import { lazy, Suspense, useEffect, type ReactNode } from "react";
import { Frame, useProjects } from "./parts/Frame";
import { Bones, Empty, ErrorBox } from "./parts/ui";
import { go, useAddress } from "./lib/router";
import { ApiError } from "./lib/api";
import { SignIn } from "./parts/SignIn";
import { TracesPage } from "./pages/Traces";

const TracePage = lazy(() => import("./pages/Trace"));
const EmbedPage = lazy(() => import("./pages/Embed"));
const SessionsPage = lazy(() => import("./pages/Sessions"));
const SessionPage = lazy(() => import("./pages/Session"));
const UsersPage = lazy(() => import("./pages/Users"));
const UserPage = lazy(() => import("./pages/User"));
const DashboardsPage = lazy(() => import("./pages/Dashboards"));
const SqlPage = lazy(() => import("./pages/Sql"));
const SettingsPage = lazy(() => import("./pages/Settings"));
const SetupPage = lazy(() => import("./pages/Setup"));
const ComparePage = lazy(() => import("./pages/Compare"));
const QueuePage = lazy(() => import("./pages/Queue"));
const LogsPage = lazy(() => import("./pages/Logs"));
const MetricsPage = lazy(() => import("./pages/Metrics"));

export function App() {
  const { path } = useAddress();
  const [head, ...rest] = path.split("/").filter(Boolean).map(decodePart);
  if (head === "embed" && rest[1]) return <Loading><EmbedPage traceId={rest[1]} /></Loading>;
  if (head === "t" && rest[0]) return <Frame project="*" page="trace" title="Trace"><Loading><TracePage project="*" traceId={rest[0]} /></Loading></Frame>;
  if (head === "setup") return <Frame project="*" page="setup" title="First trace"><Loading><SetupPage /></Loading></Frame>;
  if (head === "p" && rest[0]) return <ProjectPages project={rest[0]} page={rest[1] ?? "traces"} rest={rest.slice(2)} />;
  return <Start />;
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function Loading({ children }: { children: ReactNode }) {
  return <Suspense fallback={<Bones />}>{children}</Suspense>;
}

/** `/`: the project that was heard of last, or how to send a first trace. */
function Start() {
  const projects = useProjects();
  const latest = projects.data?.projects[0]?.project;
  useEffect(() => {
    if (!projects.isSuccess) return;
    go(latest ? `/p/${latest}/traces` : "/setup", "replace");
  }, [projects.isSuccess, latest]);
  if (projects.error instanceof ApiError && [401, 403].includes(projects.error.status)) return <SignIn />;
  return projects.isError ? <ErrorBox error={projects.error} retry={() => void projects.refetch()} /> : <Bones />;
}

function ProjectPages({ project, page, rest }: { project: string; page: string; rest: string[] }) {
  const [first, second] = rest;
  const wrap = (title: string | undefined, content: ReactNode) => <Frame project={project} page={page} title={title}><Loading>{content}</Loading></Frame>;
  switch (page) {
    case "traces":
      return <TracesPage project={project} />;
    case "trace":
      return wrap("Trace", first ? <TracePage project={project} traceId={first} key={first} /> : <Unknown />);
    case "sessions":
      return wrap(first, first ? <SessionPage project={project} sessionId={first} /> : <SessionsPage project={project} />);
    case "users":
      return wrap(first, first ? <UserPage project={project} userId={first} /> : <UsersPage project={project} />);
    case "dashboards":
      return wrap(undefined, <DashboardsPage project={project} board={first ?? "overview"} />);
    case "sql":
      return wrap(undefined, <SqlPage project={project} />);
    case "queue":
      return wrap(undefined, <QueuePage project={project} />);
    case "logs":
      return wrap(undefined, <LogsPage project={project} />);
    case "metrics":
      return wrap(undefined, <MetricsPage project={project} />);
    case "compare":
      return wrap("Compare", first && second ? <ComparePage project={project} a={first} b={second} /> : <Unknown />);
    case "settings":
      return wrap("Settings", <SettingsPage project={project} />);
    default:
      return wrap("Not found", <Unknown />);
  }
}

const Unknown = () => <Empty title="There is no such page"><a href=".">Back to the traces</a></Empty>;

// Entry: cache of answers, routes. Pages other than the list of traces are loaded when they are asked for.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Component, StrictMode, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./lib/api";
import { App } from "./App";
import "./styles.css";

const cache = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => failures < 1 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});

/** What a fault of one page shows; the rest of the frame stays. */
class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };
  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  override render() {
    if (!this.state.error) return this.props.children;
    return (
      <div className="empty" role="alert">
        <strong>This page failed</strong>
        <pre className="text">{this.state.error.message}</pre>
        <button className="button" onClick={() => location.reload()}>Load it again</button>
      </div>
    );
  }
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={cache}>
        <Boundary><App /></Boundary>
      </QueryClientProvider>
    </StrictMode>,
  );
}

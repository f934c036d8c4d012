// First run: where to send to, three ways to do it, and the first trace as soon as it is there.
import { useEffect, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { ask } from "../lib/api";
import { apiAddress } from "../lib/copy";
import { Link } from "../lib/router";
import type { ListPage } from "../lib/types";
import { CopyButton, Tabs } from "../parts/ui";

const WAYS = [["shim", "Python shim"], ["otel", "Any OTel SDK"], ["curl", "curl"], ["agent", "Coding agent"]] as const;
type Way = (typeof WAYS)[number][0];

function textOf(way: Way): string {
  const http = apiAddress("").replace(/\/$/, "");
  switch (way) {
    case "shim":
      return `pip install spanhouse openai\n\nimport spanhouse\nspanhouse.configure(endpoint="${http}", protocol="http/protobuf")\nspanhouse.openai.autolog()  # or anthropic, langchain, llama_index, …`;
    case "otel":
      return `export OTEL_EXPORTER_OTLP_ENDPOINT=${http}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\nexport OTEL_SERVICE_NAME=my-agent`;
    case "curl": {
      const now = Date.now();
      const body = { resourceSpans: [{ resource: { attributes: [{ key: "service.name", value: { stringValue: "curl" } }] }, scopeSpans: [{ spans: [{ traceId: "5b8efff798038103d269b633813fc60c", spanId: "eee19b7ec3c1b174", name: "hello", kind: 1, startTimeUnixNano: `${now - 1000}000000`, endTimeUnixNano: `${now}000000` }] }] }] };
      return `curl -s ${http}/v1/traces -H 'content-type: application/json' -d '${JSON.stringify(body)}'`;
    }
    case "agent":
      return `Instrument this project with OpenTelemetry so that every LLM call, tool call and agent run is a span. Export OTLP over HTTP to ${http} (protobuf, path /v1/traces), set service.name, and set session.id and user.id on the root span of each request. Use the GenAI semantic conventions (gen_ai.*) or an OpenInference instrumentor if one exists for the libraries used. Run the project once and check that ${http}/api/v1/traces?since=10m lists the trace.`;
  }
}

export default function SetupPage() {
  const [way, setWay] = useState<Way>("shim");
  const [had, setHad] = useState<string | null>(null);
  const newest = useQuery({
    queryKey: ["first"],
    refetchInterval: 1000,
    queryFn: ({ signal }) => ask<ListPage>("api/v1/traces?limit=1&since=1h", { signal }),
  });
  const trace = newest.data?.traces?.[0];
  useEffect(() => {
    if (newest.data && had === null) setHad(trace?.trace_id ?? "");
  }, [newest.data, had, trace]);
  const isNew = trace !== undefined && had !== null && trace.trace_id !== had;
  const text = textOf(way);
  return (
    <div className="page" tabIndex={0} aria-label="First trace">
      <div className="setup" style={{ padding: "16px 0" }}>
        <div className="row" role="status">
          <span className={isNew ? "" : "live"}>{isNew ? "It is here." : newest.isError ? "The collector does not answer." : "Waiting for a trace"}</span>
          {trace && isNew && <Link className="button primary" to={`/p/${trace.project}/trace/${trace.trace_id}`}>Open {trace.name || "the trace"}</Link>}
        </div>
        <dl className="facts2"><dt>OTLP over HTTP</dt><dd className="mono">{apiAddress("v1/traces")}</dd><dt>OTLP over gRPC</dt><dd className="mono">{location.hostname}:4317 <span className="muted">unless it was started with another --grpc-port</span></dd></dl>
        <Tabs label="How to send" tabs={WAYS} value={way} onChange={setWay} />
        <div className="codebox" tabIndex={0} role="region" aria-label="What to run"><CopyButton text={text} /><pre className="text code">{text}</pre></div>
        <p className="muted">No application at hand? <code>spanhouse demo</code> runs sample agents against a collector.</p>
      </div>
    </div>
  );
}

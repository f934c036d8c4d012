// A trace in a frame of a notebook: nothing around it.
import TraceView from "../parts/TraceView";

export default function EmbedPage({ traceId }: { traceId: string }) {
  return <main style={{ height: "100%" }}><TraceView project="*" traceId={traceId} layout="embed" /></main>;
}

// Log records that a span wrote.
import { useQuery } from "@tanstack/react-query";
import { logsOf } from "../lib/logs";
import { time } from "../lib/format";
import { Content } from "./Content";
import { Bones, Empty, ErrorBox } from "./ui";

export default function SpanLogs({ project, traceId, spanId }: { project: string; traceId: string; spanId: string }) {
  const answer = useQuery({ queryKey: ["spanlogs", project, traceId, spanId], queryFn: ({ signal }) => logsOf({ project, traceId, spanId }, signal) });
  if (answer.isPending) return <Bones />;
  if (answer.isError) return <ErrorBox error={answer.error} retry={() => void answer.refetch()} />;
  if (!answer.data.length) return <Empty title="No log records of this span" />;
  return <>{answer.data.map((record, index) => <div key={index} className="doc"><div className="row"><span className={record.severity_number >= 17 ? "is-error" : "muted"}>{record.severity_text || record.event_name || "log"}</span><span className="grow" /><span className="muted">{time(record.time_unix_nano)}</span></div><Content value={record.body} />{Object.keys(record.attributes).length > 0 && <Content value={record.attributes} />}</div>)}</>;
}

// Sessions: conversations, the last active first.
import { GroupList } from "../parts/GroupList";

export default function SessionsPage({ project }: { project: string }) {
  return <GroupList what="sessions" project={project} />;
}

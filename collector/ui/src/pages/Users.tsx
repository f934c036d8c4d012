// Users: who asked, how often, at what cost.
import { GroupList } from "../parts/GroupList";

export default function UsersPage({ project }: { project: string }) {
  return <GroupList what="users" project={project} />;
}

/** The open input requests of a person's teams. */
import { usePageTitle } from "../../components/Announcer";

export default function Inbox() {
  usePageTitle("My tasks");
  return <p className="muted">My tasks</p>;
}

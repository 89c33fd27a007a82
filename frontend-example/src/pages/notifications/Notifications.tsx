/** What was sent to targets, and what could not be sent. */
import { usePageTitle } from "../../components/Announcer";

export default function Notifications() {
  usePageTitle("Notifications");
  return <p className="muted">Notifications</p>;
}

/** The workflows that can be started, and why some cannot. */
import { usePageTitle } from "../../components/Announcer";

export default function StartList() {
  usePageTitle("Start a workflow");
  return <p className="muted">Start a workflow</p>;
}

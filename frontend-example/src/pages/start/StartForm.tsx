/** The start form of one workflow. */
import { usePageTitle } from "../../components/Announcer";

export default function StartForm() {
  usePageTitle("Start a workflow");
  return <p className="muted">Start a workflow</p>;
}

/** One process: its steps, callbacks and forms, live. */
import { usePageTitle } from "../../components/Announcer";

export default function Process() {
  usePageTitle("Process");
  return <p className="muted">Process</p>;
}

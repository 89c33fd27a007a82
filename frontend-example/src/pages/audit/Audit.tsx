/** Who did what, and whether the record is whole. */
import { usePageTitle } from "../../components/Announcer";

export default function Audit() {
  usePageTitle("Audit log");
  return <p className="muted">Audit log</p>;
}

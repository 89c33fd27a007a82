/** What needs a person now, and how things go. */
import { usePageTitle } from "../../components/Announcer";

export default function Home() {
  usePageTitle("Home");
  return <p className="muted">Home</p>;
}

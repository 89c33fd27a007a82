import { Link, useLocation } from "wouter";
import { usePageTitle } from "../components/Announcer";
import { addresses } from "./addresses";

export function NotFound() {
  usePageTitle("No such page");
  const [location] = useLocation();
  return (
    <section className="panel">
      <h2>No such page</h2>
      <p className="words">
        There is no page at <code>{location}</code>. Go to <Link href={addresses.home}>the first page</Link>.
      </p>
    </section>
  );
}

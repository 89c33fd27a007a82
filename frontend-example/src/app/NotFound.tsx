/** An address without a page: says so, and offers what may be meant. */
import { Link, useLocation } from "wouter";
import { usePageTitle } from "../components/Announcer";
import { addresses, suggestions } from "./addresses";

export function NotFound() {
  usePageTitle("No such page");
  const [found] = useLocation();
  // wouter marks an address that is not below the <base>.
  const location = found.replace(/^~/, "");
  const meant = suggestions(location);
  return (
    <section className="panel not-found">
      <h1>No such page</h1>
      <p className="words">
        There is no page at <code>{location}</code>. {meant.length > 0 && "Perhaps you mean:"}
      </p>
      {meant.length > 0 && (
        <ul>
          {meant.map((address) => (
            <li key={address}>
              <Link href={address}>{address}</Link>
            </li>
          ))}
        </ul>
      )}
      <p>
        <Link href={addresses.home}>Go to the first page</Link>
      </p>
    </section>
  );
}

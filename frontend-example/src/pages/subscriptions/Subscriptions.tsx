/** All product subscriptions. */
import { usePageTitle } from "../../components/Announcer";

export default function Subscriptions() {
  usePageTitle("Products");
  return <p className="muted">Products</p>;
}

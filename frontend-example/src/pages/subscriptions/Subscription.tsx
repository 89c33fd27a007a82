/** One product subscription. */
import { usePageTitle } from "../../components/Announcer";

export default function Subscription() {
  usePageTitle("Product");
  return <p className="muted">Product</p>;
}

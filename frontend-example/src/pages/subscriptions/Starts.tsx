/** The workflows for the product subscription: those that may start now as links, the others with the reason. */
import { Link } from "wouter";
import { addresses } from "../../app/addresses";
import { workflowTitle } from "../../words";
import type { Detail } from "./detail";

export function Starts({ id, starts }: { id: string; starts: Detail["workflowStarts"] }) {
  return (
    <section aria-labelledby="starts-title">
      <h2 id="starts-title">Start a workflow</h2>
      {!starts.length && <p className="muted">No workflow works on subscriptions to this product.</p>}
      <ul className="starts">
        {starts.map(({ workflow, blockedReason }) => {
          const words = workflowTitle(workflow);
          const address = `${addresses.start(workflow.name)}?${new URLSearchParams({ subscription: id })}`;
          return (
            <li key={workflow.id}>
              {blockedReason === null || blockedReason === undefined ? <Link href={address}>{words}</Link> : <span>{words}</span>}
              <span className="tag">{workflow.target.toLowerCase()}</span>
              {blockedReason && <p className="help">{blockedReason}</p>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

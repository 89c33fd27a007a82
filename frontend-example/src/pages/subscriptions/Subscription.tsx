/** One product subscription: what it is, what it is made of, how it came about, and what may be done with it. */
import { Link, useParams } from "wouter";
import { run } from "../../api/client";
import { demandAccepted } from "../../api/accepted";
import { useLive } from "../../api/useLive";
import { useRefreshAfter } from "../../api/useRefreshAfter";
import { addresses } from "../../app/addresses";
import { useViewer } from "../../app/viewer";
import { usePageTitle } from "../../components/Announcer";
import { Notes } from "../../components/Notes";
import { Problem } from "../../components/Problem";
import { PRODUCT_SUBSCRIPTION, UPDATE_CUSTOMER_DESCRIPTION, UPDATE_SUBSCRIPTION_NOTE } from "../../operations/products";
import "../../styles/subscriptions.css";
import { isAbout, isAboutAny, type Detail } from "./detail";
import { Facts } from "./Facts";
import { History } from "./History";
import { ModelTree } from "./ModelTree";
import { Processes } from "./Processes";
import { Relations } from "./Relations";
import { Starts } from "./Starts";
import { SyncState } from "./SyncState";

export default function Subscription() {
  const { id = "" } = useParams<{ id: string }>();
  // Another subscription is another page: nothing of the former one may stand below its address.
  return <Page key={id} id={id} />;
}

function Page({ id }: { id: string }) {
  const { data, error, isReading, refresh } = useLive(
    PRODUCT_SUBSCRIPTION,
    { id },
    {
      // A paused engine decides what may be started.
      concerns: (event) => event.__typename === "EngineStateChangedEvent" || isAbout(id, event),
      version: ({ productSubscription }) => productSubscription?.version ?? 0,
    },
  );
  // So do those that use it.
  useRefreshAfter(isAboutAny, refresh);
  const subscription = data?.productSubscription;
  usePageTitle(subscription?.description ?? "Product");
  if (subscription) return <Whole subscription={subscription} />;
  if (error) return <Problem error={error} title="The product subscription was not read." onRetry={refresh} isRetrying={isReading} />;
  if (isReading) return <p className="muted">Reading…</p>;
  return (
    <section className="panel">
      <h1>No such product subscription</h1>
      <p className="words">
        There is no product subscription with the id <code>{id}</code>. Find it in the{" "}
        <Link href={addresses.subscriptions}>list of products</Link>.
      </p>
    </section>
  );
}

function Whole({ subscription }: { subscription: Detail }) {
  const { id } = subscription;
  return (
    <article className="subscription" aria-labelledby="subscription-title">
      <Link className="back" href={addresses.subscriptions}>
        ← Products
      </Link>
      <Facts subscription={subscription} />
      {!subscription.inSync && <SyncState subscription={subscription} />}
      <div className="subscription-columns">
        <section className="subscription-model" aria-labelledby="model-title">
          <h2 id="model-title">Model</h2>
          <ModelTree id={id} model={subscription.model} />
        </section>
        <div className="subscription-side">
          <Starts id={id} starts={subscription.workflowStarts} />
          <Relations id={id} />
          <Texts subscription={subscription} />
          <Processes id={id} />
        </div>
        <History id={id} version={subscription.version} />
      </div>
    </article>
  );
}

/** The texts that people edit beside the model, also while a process works. */
function Texts({ subscription }: { subscription: Detail }) {
  const { permissions } = useViewer();
  const { id, version, note, customerDescription } = subscription;
  const whyNot = permissions.includes("EDIT_NOTE") ? null : "Editing needs the permission EDIT_NOTE.";
  const facts = { productSubscriptionId: id, expectedVersion: version };
  return (
    <>
      <section aria-labelledby="note-title">
        <h2 id="note-title">Note</h2>
        <Notes
          label="Note"
          text={note}
          whyNot={whyNot}
          save={async (text) => {
            const input = { ...facts, note: text };
            demandAccepted((await run(UPDATE_SUBSCRIPTION_NOTE, { input }, "mutation")).updateProductSubscriptionNote);
          }}
        />
      </section>
      <section aria-labelledby="customer-title">
        <h2 id="customer-title">The customer’s name for it</h2>
        <Notes
          label="Customer’s name"
          text={customerDescription}
          maxLength={1_000}
          whyNot={whyNot}
          save={async (text) => {
            const input = { ...facts, customerDescription: text };
            demandAccepted((await run(UPDATE_CUSTOMER_DESCRIPTION, { input }, "mutation")).updateCustomerDescription);
          }}
        />
      </section>
    </>
  );
}

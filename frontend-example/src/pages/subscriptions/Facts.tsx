/** The head of the page: name, status, and the facts in one line. */
import { Link } from "wouter";
import { addresses } from "../../app/addresses";
import { Badge } from "../../components/Badge";
import { Copy } from "../../components/Copy";
import { Fact } from "../../components/Fact";
import { Time } from "../../components/Time";
import { visible } from "../../visible";
import type { Detail } from "./detail";

export function Facts({ subscription }: { subscription: Detail }) {
  const { id, description, status, inSync, product, customerId, version, createdAt, startDate, endDate, updatedAt } =
    subscription;
  const list = addresses.subscriptions;
  return (
    <header>
      <div className="process-title">
        <h1 id="subscription-title" tabIndex={-1}>
          {visible(description)}
        </h1>
        <Badge status={status} />
        {inSync && <Badge status="IN_SYNC" />}
      </div>
      <dl className="facts-line">
        <Fact name="Product">
          <Link href={`${list}?${new URLSearchParams({ product: product.name })}`} title={product.description}>
            {product.name}
          </Link>
        </Fact>
        <Fact name="Customer">
          <Link href={`${list}?${new URLSearchParams({ customer: customerId })}`}>{customerId}</Link>
        </Fact>
        <Fact name="Created">
          <Time at={createdAt} />
        </Fact>
        {startDate && (
          <Fact name="In service since">
            <Time at={startDate} />
          </Fact>
        )}
        {endDate && (
          <Fact name="Ended">
            <Time at={endDate} />
          </Fact>
        )}
        <Fact name="Changed">
          <Time at={updatedAt} isRelative />
        </Fact>
        <Fact name="Version">{version}</Fact>
        <Fact name="Id">
          <code className="id">{id}</code> <Copy text={id} what="the id" />
        </Fact>
      </dl>
    </header>
  );
}

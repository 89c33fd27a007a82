/** The product subscriptions whose blocks this one uses, and those that use its blocks. */
import { Link } from "wouter";
import { useLive } from "../../api/useLive";
import { useRefreshAfter } from "../../api/useRefreshAfter";
import { addresses } from "../../app/addresses";
import { Badge } from "../../components/Badge";
import { Problem } from "../../components/Problem";
import type { RelatedSubscriptionsFragment } from "../../gql/graphql";
import { RELATIONS } from "../../operations/products";
import { totalWords } from "../../words";
import { visible } from "../../visible";
import { isAbout, isAboutAny } from "./detail";

export function Relations({ id }: { id: string }) {
  const { data, error, refresh } = useLive(RELATIONS, { id }, { concerns: (event) => isAbout(id, event) });
  useRefreshAfter(isAboutAny, refresh);
  const read = data?.productSubscription;
  return (
    <>
      {error && !read && <Problem error={error} title="The relations were not read." onRetry={refresh} />}
      <Related title="Uses" parameter="usedBy" id={id} related={read?.dependsOnConnection} />
      <Related title="Used by" parameter="uses" id={id} related={read?.inUseByConnection} />
    </>
  );
}

interface RelatedProps {
  title: string;
  /** The filter of the list that shows all of them. */
  parameter: "uses" | "usedBy";
  id: string;
  related: RelatedSubscriptionsFragment | undefined;
}

function Related({ title, parameter, id, related }: RelatedProps) {
  const titleId = `related-${parameter}`;
  const { nodes = [], totalCount = 0 } = related ?? {};
  return (
    <section aria-labelledby={titleId}>
      <h2 id={titleId}>
        {title} {totalCount > 0 && <span className="count">{totalWords(related)}</span>}
      </h2>
      {related && !nodes.length && <p className="muted">Nothing.</p>}
      <ul className="related">
        {nodes.map((each) => (
          <li key={each.id}>
            <Link href={addresses.subscription(each.id)}>{visible(each.description)}</Link>
            <span className="muted">{each.product.name}</span>
            <Badge status={each.status} />
            {!each.inSync && <Badge status="OUT_OF_SYNC" />}
          </li>
        ))}
      </ul>
      {totalCount > nodes.length && (
        <Link href={`${addresses.subscriptions}?${new URLSearchParams({ [parameter]: id })}`}>
          All {totalWords(related)} in the list
        </Link>
      )}
    </section>
  );
}

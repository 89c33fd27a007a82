/** Product subscriptions by what is typed: asked when the person pauses, and only the newest answer counts. */
import { useCallback, useEffect, useRef, useState } from "react";
import { run } from "../../api/client";
import type { PickableSubscriptionsQuery, ProductSubscriptionFilter } from "../../gql/graphql";
import { PICKABLE_SUBSCRIPTIONS } from "../../operations/forms";

export type Subscription = NonNullable<PickableSubscriptionsQuery["productSubscriptions"]>["nodes"][number];

export interface Found {
  rows: readonly Subscription[];
  /** How many more match. */
  moreCount: number;
  /** There are even more: the server stops to count at some number. */
  isMore: boolean;
}

const SHOWN = 10;
const PAUSE = 150;

export async function findSubscriptions(filter: ProductSubscriptionFilter, first = SHOWN): Promise<Found> {
  const { productSubscriptions } = await run(PICKABLE_SUBSCRIPTIONS, { filter, first });
  const { nodes = [], totalCount = 0, totalCountIsExact = true } = productSubscriptions ?? {};
  return { rows: nodes, moreCount: Math.max(0, totalCount - nodes.length), isMore: !totalCountIsExact };
}

interface Search {
  found: Found | null;
  error: Error | null;
  /** Ask at once. */
  ask: (text: string) => void;
  /** Ask when nothing was typed for a moment. What was found before answers another text, so it is dropped. */
  askSoon: (text: string) => void;
  /** Show nothing, also if an answer is still to come. */
  close: () => void;
}

/** `filter` limits those to choose from. */
export function useSubscriptionSearch(filter: ProductSubscriptionFilter): Search {
  const [state, setState] = useState<{ found: Found | null; error: Error | null }>({ found: null, error: null });
  const turn = useRef(0);
  const timer = useRef(0);
  const limits = useRef(filter);
  limits.current = filter;

  const ask = useCallback((text: string): void => {
    window.clearTimeout(timer.current);
    const own = ++turn.current;
    findSubscriptions({ ...limits.current, search: text.trim() || null }).then(
      (found) => own === turn.current && setState({ found, error: null }),
      (error: Error) => own === turn.current && setState({ found: null, error }),
    );
  }, []);

  const close = useCallback((): void => {
    turn.current++;
    window.clearTimeout(timer.current);
    setState({ found: null, error: null });
  }, []);

  const askSoon = useCallback(
    (text: string): void => {
      close();
      timer.current = window.setTimeout(() => ask(text), PAUSE);
    },
    [ask, close],
  );

  useEffect(
    () => () => {
      turn.current++;
      window.clearTimeout(timer.current);
    },
    [],
  );
  return { ...state, ask, askSoon, close };
}

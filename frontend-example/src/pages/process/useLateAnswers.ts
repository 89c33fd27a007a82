/** Late answers that would save the process. A refused delivery is no event, so they are looked for again and again. */
import { useMemo } from "react";
import { useLive } from "../../api/useLive";
import type { LateAnswersQuery } from "../../gql/graphql";
import { LATE_ANSWERS } from "../../operations/process";
import type { StepState } from "./processModel";
import { troubledIds, type Wait } from "./recovery";
import type { LateAnswer } from "./useProcess";
import { useRefreshing } from "./watching";

type Node = NonNullable<LateAnswersQuery["nodes"]>[number];
type CallbackNode = Extract<Node, { attempts: unknown }>;

const isCallback = (node: Node): node is CallbackNode => node !== null && "attempts" in node;

/** The server answers at most so many nodes. */
const MOST_NODES = 200;

export function useLateAnswers(id: string, wait: Wait | null, steps: readonly StepState[]): readonly LateAnswer[] {
  const key = troubledIds(wait, steps).slice(-MOST_NODES).join();
  const ids = useMemo(() => (key ? key.split(",") : []), [key]);
  const { data, refresh } = useLive(LATE_ANSWERS, { ids }, { concerns: ({ processId }) => processId === id, isPaused: !key });
  useRefreshing(refresh, key !== "");
  return useMemo(() => {
    const found = key ? (data?.nodes ?? []) : [];
    return found.filter(isCallback).flatMap(({ id: callbackId, name, attempts }) =>
      attempts.nodes
        .filter(({ isAdoptable, isFailureReport }) => isAdoptable && !isFailureReport)
        .map((delivery) => ({ callbackId, name, delivery })),
    );
  }, [key, data]);
}

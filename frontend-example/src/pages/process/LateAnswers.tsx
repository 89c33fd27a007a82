/** Answers that came too late or were refused, and that would save the process: offered before all else. */
import { useState } from "react";
import { Time } from "../../components/Time";
import type { DeliveryFragment } from "../../gql/graphql";
import { ADOPT } from "../../operations/processActions";
import { ActionDialog, reasonIn } from "./ActionDialog";
import { perform } from "./perform";
import { useProcessContext, type LateAnswer } from "./useProcess";
import { bytes, plain } from "./words";

interface Props {
  answers: readonly LateAnswer[];
  onAdopted?: () => void;
}

export function LateAnswers({ answers, onAdopted }: Props) {
  if (!answers.length) return null;
  return (
    <ul className="late" aria-label="Late answers">
      {answers.map(({ name, delivery }) => (
        <li key={delivery.id}>
          <span>
            <b>{name ? `An answer from ${name} is kept` : "An answer is kept"}</b>
            {`: ${plain(delivery.outcome)}, ${bytes(delivery.bytes)}, `}
            <Time at={delivery.at} />. The remote service need not be called again.
          </span>
          <AdoptButton delivery={delivery} isFirst onAdopted={onAdopted} />
        </li>
      ))}
    </ul>
  );
}

interface ButtonProps {
  delivery: DeliveryFragment;
  isFirst?: boolean;
  onAdopted?: (() => void) | undefined;
}

export function AdoptButton({ delivery, isFirst = false, onAdopted }: ButtonProps) {
  const { head, touch } = useProcessContext();
  const [isAsking, setAsking] = useState(false);
  // The same rule allows both; a delivery that came since does not change what was read of the process.
  if (!head.availableActions.includes("COMPLETE_CALLBACK")) return null;
  const adopt = async (typed: FormData): Promise<string | null> => {
    const input = { attemptId: delivery.id, expectedVersion: head.version, reason: reasonIn(typed) ?? "" };
    const refusal = await perform(ADOPT, input).finally(touch);
    if (refusal === null) onAdopted?.();
    return refusal;
  };
  return (
    <>
      <button type="button" className={isFirst ? "primary" : "quiet"} onClick={() => setAsking(true)}>
        Adopt…
      </button>
      {isAsking && (
        <ActionDialog
          title="Adopt this delivery?"
          words={["It becomes the result and is judged; the remote service is not called.", ...delivery.replaced].join(" ")}
          confirm="Take it for the result"
          reason="required"
          onSend={adopt}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

/** Sends all shown notifications that were given up again, for the time after a receiver was away. */
import { lazy, Suspense, useState } from "react";
import { errorText } from "../../api/client";
import { announce } from "../../components/Announcer";
import { counted } from "../../words";
import { resend } from "./resend";

const Confirm = lazy(() => import("../../components/Confirm"));

export function ResendAll({ ids, onResent }: { ids: readonly string[]; onResent: (ids: readonly string[]) => void }) {
  const [asked, setAsked] = useState<readonly string[] | null>(null);
  return (
    <>
      <button type="button" onClick={() => setAsked(ids)}>
        Send {ids.length} given up again…
      </button>
      {asked && (
        <Suspense fallback={null}>
          <Confirm
            title={`Send ${counted(asked.length, "notification")} again`}
            text="A notification keeps its id, so that its receiver can recognize it. Make sure that the receiver is back."
            action="Send again"
            onClose={() => setAsked(null)}
            onConfirm={async () => {
              const refused = await resendEach(asked);
              onResent(asked);
              if (refused.length) throw new Error(`${counted(refused.length, "notification")} of ${asked.length} not sent again: ${refused[0]}`);
              announce(`Sent again: ${counted(asked.length, "notification")}.`);
            }}
          />
        </Suspense>
      )}
    </>
  );
}

/** One after the other: the server does the work of each in a transaction of its own. Returns the refusals. */
async function resendEach(ids: readonly string[]): Promise<string[]> {
  const refused: string[] = [];
  for (const id of ids) {
    try {
      await resend(id);
    } catch (problem) {
      refused.push(errorText(problem as Error));
    }
  }
  return refused;
}

/** Commands on an input request, and what the server refuses. */
import { useState } from "react";
import type { DocumentInput } from "urql";
import { run } from "../../api/client";
import type { Refusal } from "../wizard/types";
import { isRefusal } from "../wizard/types";

export interface Trouble {
  refusal: Refusal | null;
  error: Error | null;
}

interface Commands {
  isSending: boolean;
  trouble: Trouble | null;
  /** Null if it was done, else what is in the way. */
  perform: <Input>(document: DocumentInput<CommandData, { input: Input }>, input: Input) => Promise<Trouble | null>;
  dismiss: () => void;
}

type CommandData = { [command: string]: { __typename: string } };

/** One command at a time: a second press while it is sent does nothing. */
export function useCommands(onSettled: () => void): Commands {
  const [isSending, setSending] = useState(false);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const perform: Commands["perform"] = async (document, input) => {
    setSending(true);
    const found = await attempt(document, input);
    setSending(false);
    setTrouble(found);
    onSettled();
    return found;
  };
  return { isSending, trouble, perform, dismiss: () => setTrouble(null) };
}

async function attempt<Input>(document: DocumentInput<CommandData, { input: Input }>, input: Input): Promise<Trouble | null> {
  try {
    const [answer] = Object.values(await run(document, { input }, "mutation"));
    return answer && isRefusal(answer) ? { refusal: answer, error: null } : null;
  } catch (problem) {
    return { refusal: null, error: problem as Error };
  }
}

/** The process of the address, and what its parts share. */
import { createContext, useContext, useEffect, useMemo, useSyncExternalStore } from "react";
import { run } from "../../api/client";
import { onEvents, position } from "../../api/stream";
import type { DeliveryFragment } from "../../gql/graphql";
import { PROCESS_CHANGES, PROCESS_WHOLE } from "../../operations/process";
import { ProcessModel, type Head, type Shown } from "./processModel";
import type { Wait } from "./recovery";

export function useProcess(id: string): [Shown, ProcessModel] {
  const model = useMemo(
    () =>
      new ProcessModel({
        whole: async () => (await run(PROCESS_WHOLE, { id })).process,
        changes: async (after) => (await run(PROCESS_CHANGES, { id, after })).process,
        position,
      }),
    [id],
  );
  useEffect(() => {
    const stop = onEvents((events, isFresh) => {
      const concerns = events.some(
        // A pause takes actions away, and names no process.
        ({ processId, __typename }) => processId === id || __typename === "EngineStateChangedEvent",
      );
      if (isFresh || concerns) model.touch(isFresh);
    });
    model.open();
    return () => {
      stop();
      model.close();
    };
  }, [id, model]);
  return [useSyncExternalStore(model.subscribe, model.get), model];
}

/** A delivery that came too late or was refused, and that would be a good result. */
export interface LateAnswer {
  callbackId: string;
  name: string | null;
  delivery: DeliveryFragment;
}

/** What the buttons of a process need; the rows of the timeline do not follow it, so that they are drawn rarely. */
export interface ProcessContext {
  head: Head;
  wait: Wait | null;
  late: readonly LateAnswer[];
  /** Something was done: read what it changed. */
  touch: () => void;
}

const Context = createContext<ProcessContext | null>(null);

export const ProcessProvider = Context.Provider;

export function useProcessContext(): ProcessContext {
  const context = useContext(Context);
  if (!context) throw new Error("There is no process around this component.");
  return context;
}

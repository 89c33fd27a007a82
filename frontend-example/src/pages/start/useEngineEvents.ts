import { useEffect } from "react";
import { onEvents } from "../../api/stream";

/** Call the listener when the engine was paused or resumed: it changes what may be started. */
export function useEngineEvents(listener: () => void): void {
  useEffect(
    () =>
      onEvents((events) => {
        if (events.some(({ __typename }) => __typename === "EngineStateChangedEvent")) listener();
      }),
    [listener],
  );
}

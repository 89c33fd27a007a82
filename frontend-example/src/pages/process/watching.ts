/** Work that is only done while somebody looks. */
import { useEffect } from "react";

const LOOK_EVERY = 5_000;

/** Read again every few seconds while somebody looks at the page. */
export function useRefreshing(refresh: () => void, isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return undefined;
    const look = (): void => {
      if (document.visibilityState === "visible") refresh();
    };
    const timer = setInterval(look, LOOK_EVERY);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [refresh, isOn]);
}

/** The whole of a text of which the page has a part: loaded once, if somebody asks. */
import { useRef, useState } from "react";
import type { OnShare } from "../../operations/output";

export interface Whole {
  /** The whole text if it is shown; null while the part is. */
  text: string | null;
  /** The part that is read, from 0 to 1, while the whole is loaded; else null. */
  share: number | null;
  /** The whole text, for a copy. */
  load: () => Promise<string>;
  /** Show the whole text from now on. */
  show: () => Promise<void>;
}

export type LoadWhole = (onShare?: OnShare) => Promise<string>;

/** Without `loadWhole`, the part is the whole. */
export function useWhole(part: string, loadWhole: LoadWhole | undefined): Whole {
  const [shown, setShown] = useState<{ part: string; text: string } | null>(null);
  const [share, setShare] = useState<number | null>(null);
  const loaded = useRef<{ part: string; text: string } | null>(null);

  const load = async (): Promise<string> => {
    if (!loadWhole) return part;
    // If the part has changed, so has the whole.
    if (loaded.current?.part !== part) {
      setShare(0);
      try {
        loaded.current = { part, text: await loadWhole(setShare) };
      } finally {
        setShare(null);
      }
    }
    return loaded.current.text;
  };
  const show = async (): Promise<void> => setShown({ part, text: await load() });
  return { text: shown?.part === part ? shown.text : null, share, load, show };
}

/** The whole of a text of which the page has a part: loaded once, if somebody asks. */
import { useRef, useState } from "react";

export interface Whole {
  /** The whole text if it is shown; null while the part is. */
  text: string | null;
  isLoading: boolean;
  /** The whole text, for a copy. */
  load: () => Promise<string>;
  /** Show the whole text from now on. */
  show: () => Promise<void>;
}

/** Without `loadWhole`, the part is the whole. */
export function useWhole(part: string, loadWhole: (() => Promise<string>) | undefined): Whole {
  const [shown, setShown] = useState<{ part: string; text: string } | null>(null);
  const [isLoading, setLoading] = useState(false);
  const loaded = useRef<{ part: string; text: string } | null>(null);

  const load = async (): Promise<string> => {
    if (!loadWhole) return part;
    // If the part has changed, so has the whole.
    if (loaded.current?.part !== part) loaded.current = { part, text: await loadWhole() };
    return loaded.current.text;
  };
  const show = async (): Promise<void> => {
    setLoading(true);
    try {
      setShown({ part, text: await load() });
    } finally {
      setLoading(false);
    }
  };
  return { text: shown?.part === part ? shown.text : null, isLoading, load, show };
}

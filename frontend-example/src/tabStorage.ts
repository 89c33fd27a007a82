/**
 * What this tab keeps until it is closed: sessionStorage, or the memory of the page. A browser that blocks storage raises an
 * error at each use of it, and one whose storage is full raises an error at each write.
 */
const memory = new Map<string, string>();

function guarded<T>(use: (storage: Storage) => T, otherwise: T): T {
  try {
    return use(sessionStorage);
  } catch {
    return otherwise;
  }
}

const namesIn = (storage: Storage): string[] => Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");

export const tabStorage = {
  get: (key: string): string | null => memory.get(key) ?? guarded((storage) => storage.getItem(key), null),

  /** False if the text does not outlive this document. */
  set(key: string, text: string): boolean {
    const isKept = guarded((storage) => {
      storage.setItem(key, text);
      return true;
    }, false);
    if (isKept) memory.delete(key);
    else memory.set(key, text);
    return isKept;
  },

  remove(key: string): void {
    memory.delete(key);
    guarded((storage) => storage.removeItem(key), undefined);
  },

  keys: (): string[] => [...new Set([...memory.keys(), ...guarded(namesIn, [])])],
};

/** The other tabs with this page; null in a browser that has no channels, or blocks them with its storage. */
export function otherTabs(channel: string): BroadcastChannel | null {
  try {
    return new BroadcastChannel(channel);
  } catch {
    return null;
  }
}

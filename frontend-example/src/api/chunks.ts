/**
 * Parts of the dashboard that are loaded when they are needed. After a deployment an open page asks for files that are gone;
 * then it is loaded again, once by itself.
 */

import { tabStorage } from "../tabStorage";

/** A file of the dashboard did not come. */
export class ChunkMissing extends Error {
  /** Load the page again if the server answers: without it, the browser would show its own error page. */
  async retry(): Promise<void> {
    if (await isServerThere()) location.reload();
  }
}

/** How browsers say that `import()` failed. */
const NOT_LOADED = /dynamically imported module|module script failed|preload CSS/i;

/** The error as a missing file if it is one; a part that was not loaded with `load` throws what the browser says. */
export function withCause(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (error instanceof ChunkMissing || !NOT_LOADED.test(error.message)) return error;
  return new ChunkMissing(NOT_THERE);
}

const NOT_THERE = "This part of the page was not loaded. Load the page again: the server may have a new version.";

const PLACE = "orchestrator-reloaded-at";
/** Milliseconds in which the page is loaded again by itself once only. */
const ONCE_IN = 60_000;

async function isServerThere(): Promise<boolean> {
  const response = await fetch(document.baseURI, { method: "HEAD", cache: "no-store" }).catch(() => null);
  return response?.ok ?? false;
}

/**
 * Load a part. If it does not come and the server is there, a new version was deployed. With `mayReload` (a person goes to
 * another page, so nothing is lost), the page is then loaded again.
 */
export async function load<T>(part: () => Promise<T>, mayReload = false): Promise<T> {
  try {
    return await part();
  } catch {
    if (!(await isServerThere())) throw new ChunkMissing("This part of the page was not loaded: the server does not answer.");
    const last = Number(tabStorage.get(PLACE) ?? 0);
    // A tab that cannot note that it was loaded again would be loaded again and again.
    if (mayReload && Date.now() - last > ONCE_IN && tabStorage.set(PLACE, String(Date.now()))) {
      location.reload();
      return await new Promise<never>(() => undefined);
    }
    throw new ChunkMissing(NOT_THERE);
  }
}

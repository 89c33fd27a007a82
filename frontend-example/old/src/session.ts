/** Who is signed in: the token of this tab, and whom the server knows by it. */
import type { Viewer } from "./model";

const PLACE = "orchestrator-token";

export const session = {
  /** Null until the server was asked. */
  viewer: null as Viewer | null,
  /** Somebody must sign in first: nothing is sent until then. */
  isLocked: false,
  /** Called when the server wants to know who asks. */
  onDemand: () => {},
};

/** Kept for this tab alone, and forgotten with it; never part of an address, which browsers and proxies write down. */
export function storedToken(): string | null {
  return sessionStorage.getItem(PLACE);
}

export function storeToken(token: string | null): void {
  if (token === null) sessionStorage.removeItem(PLACE);
  else sessionStorage.setItem(PLACE, token);
}

/** What goes with every operation: a header over HTTP, the first message over a WebSocket, which carries no headers. */
export function credentials(token = storedToken()): Record<string, string> {
  return token ? { authorization: `Bearer ${token}` } : {};
}

export function demandSignIn(): void {
  if (session.isLocked) return;
  session.isLocked = true;
  session.onDemand();
}

export const may = (permission: string): boolean => session.viewer?.permissions.includes(permission) ?? false;
export const isViewer = (id: string | undefined): boolean => id !== undefined && session.viewer?.user?.id === id;

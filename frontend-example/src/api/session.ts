/**
 * Who is signed in. The token is kept for this tab (sessionStorage) and handed to the other tabs that are open now; it is
 * never part of an address, which browsers and proxies write down, and never in localStorage, which outlives the browser.
 */
import { otherTabs, tabStorage } from "../tabStorage";
import { store } from "./store";

/** Two servers below different paths of one host share storage and channels: each has its own token. */
const below = new URL(document.baseURI).pathname.replace(/\/$/, "");
const PLACE = `orchestrator-token${below}`;
const CHANNEL = `orchestrator-session${below}`;

type Message = { kind: "ask" } | { kind: "token"; token: string } | { kind: "sign-out" };

/** Null until the server was asked or a token was entered. */
export const token = store<string | null>(tabStorage.get(PLACE));

/** Somebody must sign in before anything is sent; the reason is shown to the person. */
export const demand = store<string | null>(null);

const channel = otherTabs(CHANNEL);

if (channel) {
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    const known = token.get();
    if (data.kind === "ask" && known) say({ kind: "token", token: known });
    if (data.kind === "token" && data.token !== known) keep(data.token);
    if (data.kind === "sign-out" && known) forget();
  };
}

function say(message: Message): void {
  channel?.postMessage(message);
}

function keep(entered: string): void {
  tabStorage.set(PLACE, entered);
  token.set(entered);
  demand.set(null);
}

let hasLeft = false;

/** True after a sign-out, until the page is loaded again: nothing is kept any more. */
export const isLeaving = (): boolean => hasLeft;

/** Nothing of one person may be left for the next: the first page is loaded anew. */
function forget(): void {
  hasLeft = true;
  // Drafts of forms and places of pages are of a person, too.
  for (const place of tabStorage.keys()) if (place.startsWith("orchestrator-")) tabStorage.remove(place);
  // From here on no other tab gets the token: one that was loaded again already may ask.
  if (channel) channel.onmessage = null;
  location.replace(document.baseURI);
}

let person: string | null = null;

/** The server knows who asks. If it was another person before, the page is loaded anew. */
export function meet(id: string): void {
  if (person !== null && person !== id) {
    const known = token.get();
    for (const place of tabStorage.keys()) tabStorage.remove(place);
    if (known) tabStorage.set(PLACE, known);
    hasLeft = true;
    location.reload();
  }
  person = id;
}

/** Ask the other tabs for their token; the promise ends when one has answered, or after a moment. */
export async function askOtherTabs(): Promise<void> {
  if (!channel || token.get()) return;
  say({ kind: "ask" });
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 150);
    const stop = token.subscribe(() => {
      clearTimeout(timer);
      stop();
      resolve();
    });
  });
}

export function signIn(entered: string, id: string | null): void {
  keep(entered);
  say({ kind: "token", token: entered });
  if (id !== null) meet(id);
}

export function signOut(): void {
  say({ kind: "sign-out" });
  forget();
}

/** The server wants a token, or another one. */
export function demandSignIn(): void {
  if (demand.get() !== null) return;
  demand.set(
    token.get()
      ? "The server does not accept the token of this tab any more. Sign in again: what you typed is still there."
      : "This server wants to know who you are. Enter the token that you were given.",
  );
  // In another tab somebody may have signed in since.
  say({ kind: "ask" });
}

/** What goes with every operation: a header over HTTP, the first message over a WebSocket, which carries no headers. */
export function credentials(): Record<string, string> {
  const known = token.get();
  return known ? { authorization: `Bearer ${known}` } : {};
}

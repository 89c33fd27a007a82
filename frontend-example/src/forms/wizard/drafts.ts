/**
 * Drafts: what a person typed and did not send yet. They are kept in sessionStorage, which a reload and Back leave as it is
 * and which ends with the tab, and shown to a tab that opens the same form while this one is open: the wizard there takes
 * it or offers it. Never in localStorage: it would outlive the person at a shared screen. A draft belongs to one person and
 * one form, and never holds a secret.
 */
import { otherTabs, tabStorage } from "../../tabStorage";
import type { Fields } from "./types";

export interface DraftPage {
  digest: string;
  /** The fields that differ from what the server sent. */
  typed: Fields;
  /** What was sent for the page; null if it was not sent. */
  payload: Fields | null;
  /** True if a secret was typed: it is not kept, and must be typed again. */
  lacksSecret: boolean;
}

export interface Draft {
  /** Its copies in other tabs have the same id, and are removed with it; what was typed there on its own is not. */
  id: string;
  pages: readonly DraftPage[];
  /** The page that was open. */
  at: number;
  comment: string;
  /** The time of the decision of another person because of which it was not taken. */
  gaveWayAt?: string;
}

/** Where the draft of one form is kept. */
export interface DraftPlace {
  load(): Draft | null;
  save(draft: Draft): void;
  remove(): void;
  /** Ask the other tabs for theirs; the listener is called with the first one that comes. */
  ask(listener: (draft: Draft) => void): () => void;
}

type Message =
  | { kind: "ask"; key: string }
  | { kind: "copy"; key: string; text: string }
  | { kind: "removed"; key: string; id: string };

/** Two servers below different paths of one host share storage and channels. */
const below = new URL(document.baseURI).pathname;
const PREFIX = `orchestrator-draft:${below} `;

/** The person comes first and has no space in the key, so that one person's keys are no beginning of another's. */
const keyOf = (person: string, place: string): string => `${PREFIX}${encodeURIComponent(person)} ${place}`;

const channel = otherTabs(`orchestrator-drafts:${below}`);
const listeners = new Map<string, (draft: Draft) => void>();

if (channel) channel.onmessage = ({ data }: MessageEvent<Message>) => hear(data);

function say(message: Message): void {
  channel?.postMessage(message);
}

function hear(message: Message): void {
  const { key } = message;
  const text = tabStorage.get(key);
  if (message.kind === "ask" && text !== null) say({ kind: "copy", key, text });
  if (message.kind === "removed" && parsed(text)?.id === message.id) tabStorage.remove(key);
  if (message.kind === "copy" && text === null) {
    const [listener, draft] = [listeners.get(key), parsed(message.text)];
    if (!listener || !draft) return;
    listeners.delete(key);
    listener(draft);
  }
}

export function draftPlace(person: string, place: string): DraftPlace {
  const key = keyOf(person, place);
  return {
    load: () => parsed(tabStorage.get(key)),
    save: (draft) => void tabStorage.set(key, JSON.stringify(draft)),
    remove() {
      const draft = parsed(tabStorage.get(key));
      tabStorage.remove(key);
      if (draft) say({ kind: "removed", key, id: draft.id });
    },
    ask(listener) {
      listeners.set(key, listener);
      say({ kind: "ask", key });
      return () => {
        if (listeners.get(key) === listener) listeners.delete(key);
      };
    },
  };
}

/** Somebody else is signed in now: nothing of the person before may be left. */
export function removeDraftsOfOthers(person: string): void {
  const own = keyOf(person, "");
  for (const key of tabStorage.keys()) if (key.startsWith(PREFIX) && !key.startsWith(own)) tabStorage.remove(key);
}

function parsed(text: string | null): Draft | null {
  return text === null ? null : (JSON.parse(text) as Draft);
}

/** Listens to the keys of the page, and shows them. */
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { store, useStore } from "../api/store";
import { shortcuts } from "../preferences";
import { addresses } from "./addresses";
import { isTaken, KeyReader, type Command } from "./keys";

const ShortcutsDialog = lazy(() => import("./ShortcutsDialog"));

const isHelpOpen = store(false);

export function showShortcuts(): void {
  isHelpOpen.set(true);
}

const ADDRESSES: Partial<Record<Command, string>> = {
  home: addresses.home,
  inbox: addresses.inbox,
  processes: addresses.processes,
  products: addresses.subscriptions,
  start: addresses.start(),
};

export function Shortcuts() {
  const isOn = useStore(shortcuts) === "on";
  const isOpen = useStore(isHelpOpen);
  useKeys(isOn);
  if (!isOpen) return null;
  return (
    <Suspense fallback={null}>
      <ShortcutsDialog onClose={() => isHelpOpen.set(false)} />
    </Suspense>
  );
}

function useKeys(isOn: boolean): void {
  const [, navigate] = useLocation();
  const [reader] = useState(() => new KeyReader());
  const obey = useCallback(
    (command: Command): void => {
      const address = ADDRESSES[command];
      if (address) navigate(address);
      else if (command === "search") focusSearch();
      else showShortcuts();
    },
    [navigate],
  );
  const latest = useRef(obey);
  latest.current = obey;
  useEffect(() => {
    if (!isOn) return;
    const listen = (event: KeyboardEvent): void => {
      if (isTaken(event)) return;
      const command = reader.read(event.key, event.timeStamp);
      if (!command) return;
      event.preventDefault();
      latest.current(command);
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [isOn, reader]);
}

function focusSearch(): void {
  // A page that is still being loaded leaves the former one in the document, hidden.
  const fields = [...document.querySelectorAll<HTMLInputElement>("main input[type=search]")];
  fields.find((field) => field.checkVisibility())?.focus();
}

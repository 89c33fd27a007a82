/** A wizard for as long as its form is open. */
import { useEffect, useState } from "react";
import { draftPlace } from "./drafts";
import type { Page } from "./types";
import { Wizard, type WizardOptions } from "./wizard";

interface Options extends Omit<WizardOptions, "drafts"> {
  person: string;
  /** Where the draft is kept: one place a form. */
  place: string;
}

/** `first` is the first page as the server shows it now, null if the form has none, undefined until that is known. */
export function useWizard({ person, place, ...options }: Options, first: Page | null | undefined): Wizard {
  const [wizard] = useState(() => new Wizard({ ...options, drafts: draftPlace(person, place) }));
  const [isBegun, setBegun] = useState(false);

  useEffect(() => {
    if (first === undefined) return;
    if (wizard.get().isReady) void wizard.refresh(first);
    else void wizard.begin(first).then(() => setBegun(true));
  }, [wizard, first]);

  useEffect(() => {
    if (!isBegun) return;
    return draftPlace(person, place).ask((draft) => void wizard.hear(draft));
  }, [wizard, isBegun, person, place]);

  return wizard;
}

/** What a person typed for a request, and where it goes if somebody else was faster: it stays readable until it is dismissed. */
import { useEffect, useMemo, useState } from "react";
import { draftPlace, type Draft, type DraftPlace } from "../wizard/drafts";
import { isOpen, type Request } from "./facts";

/** The first approval fixes what is submitted, so what was typed before it belongs to another form. */
export const placeOf = ({ id, decisions }: Pick<Request, "id" | "decisions">): string =>
  `request/${id}/${decisions[0]?.at ?? "first"}`;

interface Kept {
  draft: Draft | null;
  forget: () => void;
}

/** Moves a draft that has no open form any more to the kept texts. */
export function useKept(request: Request, person: string): Kept {
  const { id } = request;
  const kept = useMemo(() => draftPlace(person, `kept/request/${id}`), [person, id]);
  const [draft, setDraft] = useState<Draft | null>(null);
  const left = JSON.stringify(outlived(request));
  useEffect(() => {
    for (const [place, at] of JSON.parse(left) as Outlived[]) move(draftPlace(person, place), kept, at);
    setDraft(kept.load());
  }, [left, person, kept]);
  const forget = (): void => {
    kept.remove();
    setDraft(null);
  };
  return { draft, forget };
}

/** A place whose form is over, and the time of the decision that ended it. */
type Outlived = readonly [place: string, at: string | null];

export function outlived(request: Request): Outlived[] {
  const { id, decisions } = request;
  const [first, last] = [decisions[0]?.at ?? null, decisions.at(-1)?.at ?? null];
  const isFixed: Outlived[] = first === null ? [] : [[placeOf({ id, decisions: [] }), first]];
  return isOpen(request) ? isFixed : [...isFixed, [placeOf(request), last]];
}

function move(from: DraftPlace, to: DraftPlace, at: string | null): void {
  const draft = from.load();
  if (!draft) return;
  from.remove();
  if (hasText(draft)) to.save({ ...draft, ...(at !== null && { gaveWayAt: at }) });
}

const hasText = ({ pages, comment }: Draft): boolean => comment !== "" || pages.some(({ typed }) => Object.keys(typed).length > 0);

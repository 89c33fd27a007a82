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
  const left = outlived(request).join("\n");
  useEffect(() => {
    for (const place of left.split("\n").filter(Boolean)) move(draftPlace(person, place), kept);
    setDraft(kept.load());
  }, [left, person, kept]);
  const forget = (): void => {
    kept.remove();
    setDraft(null);
  };
  return { draft, forget };
}

/** The places of drafts whose form is over. */
function outlived(request: Request): string[] {
  const { id, decisions } = request;
  const places = [placeOf({ id, decisions: [] }), placeOf(request)];
  return isOpen(request) ? places.filter((place) => decisions.length > 0 && place !== placeOf(request)) : places;
}

function move(from: DraftPlace, to: DraftPlace): void {
  const draft = from.load();
  if (!draft) return;
  from.remove();
  if (hasText(draft)) to.save(draft);
}

const hasText = ({ pages, comment }: Draft): boolean => comment !== "" || pages.some(({ typed }) => Object.keys(typed).length > 0);

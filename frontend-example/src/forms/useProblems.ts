/** The problems of a page: those of the server, and what is typed and is no value. */
import { useCallback, useMemo, useRef, useState } from "react";
import type { Path } from "./fields/context";
import type { FieldProblem } from "./PageForm";

interface Problems {
  /** What is typed and is no value, since the person tried to send it. */
  own: readonly FieldProblem[];
  messagesAt: (path: Path, isBelowToo: boolean) => readonly string[];
  report: (path: Path, problem: string | null) => void;
  /** True if the page cannot be sent; then it says why. */
  unreadable: () => boolean;
}

export function useProblems(told: readonly FieldProblem[], idOf: (path: Path) => string): Problems {
  const found = useRef(new Map<string, FieldProblem>());
  const [own, setOwn] = useState<readonly FieldProblem[]>([]);
  const [seen, setSeen] = useState(told);
  if (seen !== told) {
    // An answer of the server is newer than what was said before.
    setSeen(told);
    setOwn([]);
  }

  /** While a person types, nothing is said; but what was said goes when it is mended. */
  const report = useCallback(
    (path: Path, problem: string | null): void => {
      const id = idOf(path);
      if (problem === null) {
        found.current.delete(id);
        setOwn((before) => (before.some((one) => idOf(one.path) === id) ? before.filter((one) => idOf(one.path) !== id) : before));
      } else {
        found.current.set(id, { path, message: problem });
      }
    },
    [idOf],
  );
  const unreadable = useCallback((): boolean => {
    const problems = [...found.current.values()];
    if (problems.length) setOwn(problems);
    return problems.length > 0;
  }, []);

  const shown = own.length ? own : told;
  const messages = useMemo(() => byId(shown, idOf), [shown, idOf]);
  const messagesAt = useCallback(
    (path: Path, isBelowToo: boolean): readonly string[] => {
      const id = idOf(path);
      if (!isBelowToo) return messages.get(id) ?? [];
      return [...messages].flatMap(([place, texts]) => (place === id || place.startsWith(`${id}/`) ? texts : []));
    },
    [messages, idOf],
  );
  return { own, messagesAt, report, unreadable };
}

function byId(problems: readonly FieldProblem[], idOf: (path: Path) => string): ReadonlyMap<string, string[]> {
  const messages = new Map<string, string[]>();
  for (const { path, message } of problems) {
    const id = idOf(path);
    messages.set(id, [...(messages.get(id) ?? []), message]);
  }
  return messages;
}

/** What every field of a page shares. */
import { createContext, useContext, type ReactNode } from "react";
import type { Json } from "../../api/json";
import type { Schema } from "../schema";

export type Path = readonly (string | number)[];

export interface PageFacts {
  root: Schema;
  /** The id of the control at a path: it needs no escaping, whatever the keys are. */
  idOf: (path: Path) => string;
  /** The problems at exactly this path, or also below. */
  messagesAt: (path: Path, isBelowToo: boolean) => readonly string[];
  /** Say that what is typed at a path is no value, or (null) that it is one again: the page cannot be sent before. */
  report: (path: Path, problem: string | null) => void;
  /** The note below a field whose text the server has cut. */
  noteAt: (path: Path) => ReactNode;
}

export const PageContext = createContext<PageFacts | null>(null);

export function usePage(): PageFacts {
  const page = useContext(PageContext);
  if (!page) throw new Error("A field is drawn outside of a page.");
  return page;
}

/** The values of the page; only the page itself reads them here, its fields get theirs from it. */
export interface PageValues {
  values: { [field: string]: Json };
  change: (path: Path, value: Json) => void;
}

export const ValuesContext = createContext<PageValues>({ values: {}, change: () => undefined });

/** Letters and digits stay; every other character becomes its number. */
export const idPart = (key: string | number): string => String(key).replace(/[^\w.-]/gu, (character) => `~${character.codePointAt(0)?.toString(16)}`);

/** Who is signed in, what the person may do, and how many forms wait for the person. */
import { createContext, useContext, useEffect, useMemo, type ReactNode } from "react";
import { meet } from "../api/session";
import { useLive } from "../api/useLive";
import { removeDraftsOfOthers } from "../forms/wizard/drafts";
import { VIEWER } from "../operations/processes";
import type { ViewerQuery } from "../gql/graphql";
import { totalWords } from "../words";

type Viewer = NonNullable<ViewerQuery["viewer"]>;

export interface Known {
  viewer: Viewer["user"];
  permissions: readonly string[];
  teams: Viewer["assignees"];
  openTasks: number;
  /** The same as people read it: `1,000+` if there are more. */
  openTaskWords: string;
  /** False until the server has answered: zero tasks are not known to be none. */
  isKnown: boolean;
}

const NOBODY: Known = { viewer: null, permissions: [], teams: [], openTasks: 0, openTaskWords: "0", isKnown: false };

const Context = createContext<Known>(NOBODY);

/** Read by the frame, for all pages together. */
export function ViewerProvider({ children }: { children: ReactNode }) {
  const { data } = useLive(VIEWER, {}, { concerns: ({ __typename }) => __typename.startsWith("Input") });
  const viewer = data?.viewer;
  const id = viewer?.user?.id ?? null;
  const isKnown = viewer !== undefined;
  useEffect(() => {
    if (id !== null) meet(id);
    if (isKnown) removeDraftsOfOthers(id ?? "");
  }, [id, isKnown]);
  const known = useMemo<Known>(
    () =>
      viewer
        ? {
            viewer: viewer.user,
            permissions: viewer.permissions,
            teams: viewer.assignees,
            openTasks: viewer.openInputRequests?.totalCount ?? 0,
            openTaskWords: totalWords(viewer.openInputRequests),
            isKnown: true,
          }
        : NOBODY,
    [viewer],
  );
  return <Context value={known}>{children}</Context>;
}

export function useViewer(): Known {
  return useContext(Context);
}

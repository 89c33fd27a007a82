/** Who is signed in, what the person may do, and how many forms wait for the person. */
import { createContext, useContext, useEffect, useMemo, useRef, type ReactNode } from "react";
import { useLive } from "../api/useLive";
import { VIEWER } from "../operations/processes";
import type { ViewerQuery } from "../gql/graphql";

type Viewer = NonNullable<ViewerQuery["viewer"]>;

export interface Known {
  viewer: Viewer["user"];
  permissions: readonly string[];
  teams: Viewer["assignees"];
  openTasks: number;
  /** False until the server has answered: zero tasks are not known to be none. */
  isKnown: boolean;
}

const NOBODY: Known = { viewer: null, permissions: [], teams: [], openTasks: 0, isKnown: false };

const Context = createContext<Known>(NOBODY);

/** Read by the frame, for all pages together. */
export function ViewerProvider({ children }: { children: ReactNode }) {
  const { data } = useLive(VIEWER, {}, { concerns: ({ __typename }) => __typename.startsWith("Input") });
  const viewer = data?.viewer;
  useOnePerson(viewer?.user?.id ?? null);
  const known = useMemo<Known>(
    () =>
      viewer
        ? {
            viewer: viewer.user,
            permissions: viewer.permissions,
            teams: viewer.assignees,
            openTasks: viewer.openInputRequests?.totalCount ?? 0,
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

/** Nothing of one person may be left for the next: if another one has signed in, the page is loaded again. */
function useOnePerson(id: string | null): void {
  const first = useRef(id);
  useEffect(() => {
    if (first.current !== null && id !== null && id !== first.current) location.reload();
    first.current ??= id;
  }, [id]);
}

/** Who is signed in, what the person may do, and how many forms wait for the person. */
import { useLive } from "../api/useLive";
import { VIEWER } from "../operations/processes";
import type { ViewerQuery } from "../gql/graphql";

type Viewer = NonNullable<ViewerQuery["viewer"]>;

interface Known {
  viewer: Viewer["user"];
  permissions: readonly string[];
  teams: Viewer["assignees"];
  openTasks: number;
}

export function useViewer(): Known {
  const { data } = useLive(VIEWER, {}, { concerns: ({ __typename }) => __typename.startsWith("Input") });
  const viewer = data?.viewer;
  return {
    viewer: viewer?.user ?? null,
    permissions: viewer?.permissions ?? [],
    teams: viewer?.assignees ?? [],
    openTasks: viewer?.openInputRequests?.totalCount ?? 0,
  };
}

/** The workflows as a person looks for them: by what they do, and by words. */
import type { StartableWorkflowsQuery } from "../../gql/graphql";
import { workflowTitle } from "../../words";

export type WorkflowRow = StartableWorkflowsQuery["workflows"] extends infer Connection
  ? NonNullable<Connection> extends { nodes: readonly (infer Row)[] }
    ? Row
    : never
  : never;

export interface Group {
  target: string;
  title: string;
  rows: readonly WorkflowRow[];
}

/** What each target does, in the order of a product subscription's life. */
const TITLES: readonly [string, string][] = [
  ["CREATE", "Create"],
  ["MODIFY", "Change"],
  ["VALIDATE", "Validate"],
  ["RECONCILE", "Reconcile"],
  ["TERMINATE", "Terminate"],
  ["SYSTEM", "System and tasks"],
];

/** The workflows whose name, description or target contain each word, in groups; blocked ones last in each. */
export function grouped(rows: readonly WorkflowRow[], search: string): readonly Group[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = rows.filter((row) => words.every((word) => textOf(row).includes(word)));
  const known = new Map(TITLES);
  const targets = [...known.keys(), ...found.map(({ target }) => target).filter((target) => !known.has(target))];
  return [...new Set(targets)]
    .map((target) => ({
      target,
      title: known.get(target) ?? target.toLowerCase(),
      rows: found.filter((row) => row.target === target).sort(inOrder),
    }))
    .filter((group) => group.rows.length > 0);
}

const textOf = ({ name, description, target }: WorkflowRow): string =>
  `${name} ${name.replaceAll("_", " ")} ${description ?? ""} ${target}`.toLowerCase();

/** The reason why no workflow can be started, such as a missing permission or a pause; null if the reasons differ. */
export function commonReason(rows: readonly WorkflowRow[]): string | null {
  const [first = null, ...others] = new Set(rows.map(({ blockedReason }) => blockedReason));
  return others.length ? null : first;
}

function inOrder(one: WorkflowRow, other: WorkflowRow): number {
  const isBlocked = Number(one.blockedReason !== null) - Number(other.blockedReason !== null);
  return isBlocked || workflowTitle(one).localeCompare(workflowTitle(other)) || one.name.localeCompare(other.name);
}

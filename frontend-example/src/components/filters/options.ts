/** What a filter offers, in the order of its labels. */
import { workflowTitle } from "../../words";
import type { Option } from "./Choice";

/** Sorted by label, each value once. */
export function optionsOf(found: readonly (readonly [value: string, label: string])[]): Option[] {
  return [...new Map(found)].map(([value, label]) => ({ value, label })).sort((a, b) => a.label.localeCompare(b.label));
}

/** Workflows by what people call them, with the name that the address and the command line have. */
export function workflowOptions(workflows: readonly { name: string; description?: string | null | undefined }[]): Option[] {
  return optionsOf(workflows.map((workflow) => [workflow.name, labelOf(workflow)]));
}

function labelOf(workflow: { name: string; description?: string | null | undefined }): string {
  const title = workflowTitle(workflow);
  return title === workflow.name ? title : `${title} (${workflow.name})`;
}

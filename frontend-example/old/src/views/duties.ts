/** Whose a form is: taking it, giving it back, handing it to another team; and refusing what it asks. */
import { request } from "../api";
import { ASSIGN, CLAIM, REJECT, RELEASE, TEAMS } from "../documents";
import { h, notify } from "../dom";
import { conflict } from "../forms/wizard";
import type { InputRequest, Refusal, Task, Team } from "../model";
import { isViewer, may, session } from "../session";
import { askFor, type Offer } from "./dialog";

/** Send the command; what the server said where it refused, told already. */
export async function perform(document: string, input: Record<string, unknown>): Promise<string | null> {
  try {
    const answer = Object.values(await request<Record<string, Refusal>>(document, { input }))[0];
    if (!answer?.code) return null;
    const words = conflict(answer).textContent ?? answer.message;
    notify(words);
    return words;
  } catch (problem) {
    notify((problem as Error).message);
    return (problem as Error).message;
  }
}

/** The buttons that change whose it is: exactly those that this viewer may press. */
export function dutyButtons(asked: Task, version: () => number | undefined, settled: () => void): HTMLElement[] {
  const act = async (document: string, more: Record<string, unknown> = {}) => {
    await perform(document, { inputRequestId: asked.id, expectedVersion: version(), ...more });
    settled();
  };
  const assign = async () => {
    const key = await askTeam(asked);
    if (key !== null) await act(ASSIGN, { assigneeKey: key });
  };
  const mayManage = may("MANAGE_ENGINE") && may("SUBMIT_FORM");
  const mayRelease = asked.claimedBy !== null && (isViewer(asked.claimedBy.id) || mayManage);
  const offered: [boolean, string, () => Promise<void>][] = [
    [asked.canSubmit && asked.claimedBy === null, "Claim", () => act(CLAIM)],
    [mayRelease, "Release", () => act(RELEASE)],
    [asked.canSubmit || mayManage, "Assign…", assign],
  ];
  return offered
    .filter(([isAllowed]) => isAllowed)
    .map(([, label, onclick]) => h("button", { type: "button", class: "quiet", onclick: () => void onclick() }, label));
}

async function askTeam({ title, assignee, claimedBy }: Task): Promise<string | null> {
  const offers = await teams(assignee.key).catch(() => []);
  const said = await askFor({
    title: `Hand “${title}” to another team?`,
    words: `It is for ${assignee.name} now.${claimedBy ? ` ${claimedBy.name} has claimed it, and loses it then.` : ""}`,
    value: { label: "Team, by its key", initial: "", rows: 1, fault: () => "", offers },
    confirm: "Assign",
    isSafe: true,
  });
  return said ? said.value.trim() : null;
}

/** Those that the workflows ask, and the viewer's own; a team that no workflow asks can still be typed. */
async function teams(but: string): Promise<Offer[]> {
  const { workflows } = await request<{ workflows: { nodes: { steps: { assignee: Team | null }[] }[] } }>(TEAMS);
  const asked = workflows.nodes.flatMap(({ steps }) => steps.map(({ assignee }) => assignee));
  const known = [...asked, ...(session.viewer?.assignees ?? [])].filter((team) => team !== null);
  return [...new Map(known.filter(({ key }) => key !== but).map(({ key, name }) => [key, name]))]
    .map(([key, name]) => ({ key, label: name }))
    .sort((a, b) => a.label.localeCompare(b.label));
}

const STOP = "stop";

/** What came of a try to reject: null where the operator thought better of it, else the comment that was in vain. */
type Rejected = "rejected" | { comment: string; words: string } | null;

export async function reject(asked: InputRequest, version: () => number | undefined): Promise<Rejected> {
  const { id, title, sendBackTo } = asked;
  const back = sendBackTo ?? "";
  const said = await askFor({
    title: `Reject “${title}”?`,
    words: back ? "What was done so far is kept." : "The process goes no further.",
    choice: {
      label: "What happens then",
      offers: [
        ...(back ? [{ key: back, label: `Send it back to “${back}”, and ask again after that` }] : []),
        { key: STOP, label: "Stop the process here" },
      ],
    },
    reason: "Why? Everybody who sees the process can read it.",
    isReasonRequired: true,
    confirm: "Reject",
  });
  if (!said) return null;
  const input = { inputRequestId: id, comment: said.reason, sendBack: back !== "" && said.choice === back };
  const words = await perform(REJECT, { ...input, expectedVersion: version() });
  return words === null ? "rejected" : { comment: said.reason, words };
}

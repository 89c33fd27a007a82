/** Hand a form to another team; loaded when it is opened. */
import { useId } from "react";
import { run } from "../../api/client";
import { useReading } from "../../api/useReading";
import { TEAMS } from "../../operations/inputRequests";
import type { Trouble } from "./commands";
import type { Request, Viewer } from "./facts";
import { QuestionDialog } from "./QuestionDialog";

interface Props {
  request: Request;
  viewer: Viewer;
  trouble: Trouble | null;
  onAssign: (key: string) => void;
  onClose: () => void;
}

interface Team {
  key: string;
  name: string;
}

/** Teams that workflows ask, and the person's own; a team that no workflow asks can still be typed. */
async function teams(own: readonly Team[], except: string): Promise<Team[]> {
  const { workflows } = await run(TEAMS, {});
  const asked = (workflows?.nodes ?? []).flatMap(({ steps }) => steps.map(({ assignee }) => assignee));
  const known = [...asked, ...own].filter((team) => team !== null && team.key !== except) as Team[];
  return [...new Map(known.map((team) => [team.key, team])).values()].sort((a, b) => a.name.localeCompare(b.name));
}

export default function AssignDialog({ request, viewer, trouble, onAssign, onClose }: Props) {
  const id = useId();
  const { title, assignee, claimedBy } = request;
  const { data } = useReading(() => teams(viewer.assignees, assignee.key), request.id);
  const send = (form: HTMLFormElement): void => {
    const key = String(new FormData(form).get("team") ?? "").trim();
    if (key) onAssign(key);
  };
  const lost = claimedBy ? ` ${claimedBy.name} has claimed it, and loses the claim then.` : "";
  return (
    <QuestionDialog
      title={`Hand “${title}” to another team?`}
      words={`It is for ${assignee.name} now.${lost}`}
      action="Assign"
      trouble={trouble}
      onSend={send}
      onClose={onClose}
    >
      <div className="field">
        <label htmlFor={id}>Team, by its key</label>
        <input id={id} name="team" list={`${id}-teams`} required autoFocus autoComplete="off" spellCheck={false} />
        <datalist id={`${id}-teams`}>
          {data?.map(({ key, name }) => (
            <option key={key} value={key}>
              {name}
            </option>
          ))}
        </datalist>
      </div>
    </QuestionDialog>
  );
}

/** Hand a form to another team; loaded when it is opened. */
import { useId, type FormEvent } from "react";
import { run } from "../../api/client";
import { useReading } from "../../api/useReading";
import Dialog from "../../components/Dialog";
import { TEAMS } from "../../operations/inputRequests";
import type { Trouble } from "./commands";
import type { Request, Viewer } from "./facts";
import { TroubleWords } from "./TroubleWords";

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
  const send = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const key = String(new FormData(event.currentTarget).get("team") ?? "").trim();
    if (key) onAssign(key);
  };
  return (
    <Dialog title={`Hand “${title}” to another team?`} onClose={onClose}>
      <form onSubmit={send}>
        <p className="words">
          It is for {assignee.name} now.
          {claimedBy && ` ${claimedBy.name} has claimed it, and loses the claim then.`}
        </p>
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
        <TroubleWords trouble={trouble} />
        <div className="actions">
          <button type="submit" className="primary">
            Assign
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Hand a form to another team; loaded when it is opened. */
import { useId } from "react";
import { run } from "../../api/client";
import { useReading } from "../../api/useReading";
import { optionsOf } from "../../components/filters/options";
import type { Option } from "../../components/filters/Choice";
import { Problem } from "../../components/Problem";
import { TEAMS } from "../../operations/inputRequests";
import type { Trouble } from "./commands";
import type { Request } from "./facts";
import { QuestionDialog } from "./QuestionDialog";

interface Props {
  request: Request;
  trouble: Trouble | null;
  onAssign: (key: string) => void;
  onClose: () => void;
}

/** The teams to which the server lets the person assign the form. */
async function teamsFor(id: string): Promise<Option[]> {
  const { node } = await run(TEAMS, { id });
  const teams = node && "assignableTo" in node ? node.assignableTo : [];
  return optionsOf(teams.map(({ key, name }) => [key, name === key ? key : `${name} (${key})`]));
}

export default function AssignDialog({ request, trouble, onAssign, onClose }: Props) {
  const id = useId();
  const { title, assignee, claimedBy } = request;
  // Another version may have another team, and the former one is then one of the others.
  const { data, error, isReading, again } = useReading(() => teamsFor(request.id), `${request.id} ${request.version}`);
  const send = (form: HTMLFormElement): void => {
    const key = String(new FormData(form).get("team") ?? "");
    if (key) onAssign(key);
  };
  const lost = claimedBy ? ` ${claimedBy.name} has claimed it, and loses the claim then.` : "";
  return (
    <QuestionDialog
      title={`Hand “${title}” to another team?`}
      words={`It is for ${assignee.name} now.${lost}`}
      action="Assign"
      isBlocked={data?.length === 0}
      trouble={trouble}
      onSend={send}
      onClose={onClose}
    >
      {error && <Problem error={error} title="The teams were not read." onRetry={again} isRetrying={isReading} />}
      {data?.length === 0 && <p className="help">There is no other team to which you may assign it.</p>}
      <div className="field">
        <label htmlFor={id}>Team</label>
        <select id={id} name="team" required autoFocus disabled={data?.length === 0}>
          <option value="">{data || error ? "Choose a team" : "Reading…"}</option>
          {data?.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </div>
    </QuestionDialog>
  );
}

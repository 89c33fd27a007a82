/** The start form of one workflow: fill it in, and go straight to the process. */
import { useMemo } from "react";
import { Link, useLocation, useParams, useSearchParams } from "wouter";
import { run } from "../../api/client";
import { useLive } from "../../api/useLive";
import { useReading } from "../../api/useReading";
import { addresses } from "../../app/addresses";
import { Problem } from "../../components/Problem";
import { usePageTitle } from "../../components/Announcer";
import { RefusalWords } from "../../forms/wizard/Refusals";
import { isPage, isRefusal, type Answer, type Fields, type Look, type Page, type Refusal } from "../../forms/wizard/types";
import { useWizard } from "../../forms/wizard/useWizard";
import type { Sent } from "../../forms/wizard/wizard";
import { WizardView } from "../../forms/wizard/WizardView";
import { START_FACTS, START_FORM, START_WORKFLOW } from "../../operations/forms";
import { workflowTitle } from "../../words";
import { chosenIn } from "./preset";
import "../../styles/start.css";

export default function StartForm() {
  const { workflow = "" } = useParams<{ workflow: string }>();
  const name = decodeURIComponent(workflow);
  const { data, error } = useLive(START_FACTS, { workflowName: name }, { concerns: isOfEngine });
  const facts = data?.workflow;
  const title = workflowTitle(facts ?? { name });
  usePageTitle(`Start: ${title}`);
  return (
    <section className="start-page" aria-labelledby="start-title">
      <Link className="back" href={addresses.start()}>
        ← All workflows
      </Link>
      <h1 id="start-title">{title}</h1>
      {/* Scripts and the command line start it by this name. */}
      <p>
        <code className="muted">{name}</code>
      </p>
      {facts?.description && facts.description !== title && <p className="words">{facts.description}</p>}
      {error && !data && <Problem error={error} title="The workflow was not read." />}
      {data && !facts && <p className="error">There is no workflow “{name}”: it is not deployed, or the address has a typing error. Choose another one above.</p>}
      {facts?.blockedReason && (
        <p className="callout" role="status">
          {facts.blockedReason}
        </p>
      )}
      {data && facts && <Form key={`${data.viewer.user?.id} ${name}`} workflowName={name} person={data.viewer.user?.id ?? ""} title={title} />}
    </section>
  );
}

const isOfEngine = ({ __typename }: { __typename: string }): boolean => __typename === "EngineStateChangedEvent";

type StartLook = Exclude<Look, null> | Refusal;

const look = async (workflowName: string, pages: readonly Fields[]): Promise<StartLook> =>
  (await run(START_FORM, { workflowName, pages: [...pages] })).startForm;

interface FormProps {
  workflowName: string;
  person: string;
  /** The heading of the page. */
  title: string;
}

function Form({ workflowName, person, title }: FormProps) {
  const [parameters] = useSearchParams();
  const subscription = parameters.get("subscription");
  const { data, error, isReading, again } = useReading(() => look(workflowName, []), workflowName);
  const refusal = data && isRefusal(data) ? data : null;
  if (!data && error) return <Problem error={error} title="The form was not read." onRetry={again} isRetrying={isReading} />;
  if (!data) return <p className="muted">Reading the form…</p>;
  if (refusal)
    return (
      <div className="callout bad" role="alert">
        <RefusalWords refusal={refusal} />
        <p>
          <button type="button" onClick={again} disabled={isReading}>
            {isReading ? "Trying…" : "Try again"}
          </button>
        </p>
      </div>
    );
  const first = isPage(data) ? data : null;
  return <StartWizard workflowName={workflowName} person={person} title={title} subscription={subscription} first={first} />;
}

interface StartWizardProps extends FormProps {
  subscription: string | null;
  first: Page | null;
}

function StartWizard({ workflowName, person, title, subscription, first }: StartWizardProps) {
  const [, navigate] = useLocation();
  const options = useMemo(
    () => ({
      person,
      place: ["start", workflowName, subscription].filter(Boolean).join("/"),
      isAnsweredOnce: false,
      look: async (pages: readonly Fields[]): Promise<Look> => {
        const found = await look(workflowName, pages);
        // What is refused here is refused again, with its reason, when it is sent.
        return isRefusal(found) ? null : found;
      },
      send: async ({ pages, idempotencyKey }: Sent): Promise<Answer> => {
        const input = { workflowName, pages: [...pages], idempotencyKey };
        return (await run(START_WORKFLOW, { input }, "mutation")).startWorkflow;
      },
      preset: (page: Page) => (subscription ? chosenIn(page, subscription) : null),
    }),
    [person, workflowName, subscription],
  );
  const wizard = useWizard(options, first);
  const onAnswer = (answer: Answer): void => {
    if ("process" in answer) navigate(addresses.process((answer.process as { id: string }).id));
  };
  return <WizardView wizard={wizard} label="Start" onAnswer={onAnswer} heading="h2" above={title} focusesFirst />;
}

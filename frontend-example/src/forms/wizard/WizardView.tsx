/** A form of several pages: the page that is open, what is wrong with it, and its buttons. */
import { lazy, Suspense, useEffect, useRef, useSyncExternalStore, type ReactNode } from "react";
import type { Json } from "../../api/json";
import { Boundary } from "../../components/Boundary";
import { isSameTitle } from "../../words";
import { asSchema } from "../schema";
import { readable, visible } from "../../visible";
import { ErrorWords, RefusalWords } from "./Refusals";
import { Problems } from "./Problems";
import { FormNotice } from "./FormNotice";
import { focusFirst } from "./summary";
import type { Answer, Fields, Page } from "./types";
import type { Wizard, WizardState } from "./wizard";
import "../../styles/wizard.css";

const PageForm = lazy(() => import("../PageForm"));

export interface WizardProps {
  wizard: Wizard;
  /** The label of the button if the form has no page. */
  label: string;
  /** Another person has approved it already: what is shown was sent by that person. */
  isApproved?: boolean;
  onAnswer: (answer: Answer) => void;
  /** Buttons beside that which sends. */
  extras?: ReactNode;
  /** What stands between the fields and the buttons. */
  footer?: ReactNode;
  /** The notes about texts that the server has cut, by field. */
  cutNotes?: (page: Page) => { [field: string]: ReactNode };
  /** The person may not send it now: it can be looked at. */
  isHeld?: boolean;
  /** The level of the title of a page: that below the heading around the form. */
  heading?: "h2" | "h3";
  /** The heading around the form: a page with the same title does not show it twice. */
  above?: string;
  /** Put the focus on the first field as soon as the form is there. */
  focusesFirst?: boolean;
}

export function WizardView(props: WizardProps) {
  const { wizard, isHeld = false, focusesFirst = false, heading = "h3", above = "" } = props;
  const state = useSyncExternalStore(wizard.subscribe, wizard.get);
  const form = useRef<HTMLElement>(null);
  useAlarm(state.alarms, form);
  if (!state.isReady) return <p className="muted">Reading the form…</p>;
  const { page } = state;
  const isLookedAt = isHeld && !wizard.isTouched;
  return (
    <section
      ref={form}
      className={`wizard${page?.isConfirmation ? " is-confirmation" : ""}`}
      aria-label={isLookedAt ? "What is asked, to look at" : undefined}
    >
      {page && <PageHead page={page} index={state.index} heading={heading} above={above} />}
      <FormNotice wizard={wizard} state={state} />
      <Alarm state={state} form={form} />
      <OpenPage
        {...props}
        state={state}
        form={form}
        isLookedAt={isLookedAt}
        focusesFirst={!isHeld && (focusesFirst || state.edition !== firstEdition(wizard, state))}
      />
    </section>
  );
}

/** The edition that the wizard opened with: only that one does not take the focus by itself. */
const opened = new WeakMap<Wizard, number>();

function firstEdition(wizard: Wizard, { edition }: WizardState): number {
  if (!opened.has(wizard)) opened.set(wizard, edition);
  return opened.get(wizard) ?? edition;
}

interface OpenPageProps extends WizardProps {
  state: WizardState;
  form: React.RefObject<HTMLElement | null>;
  isLookedAt: boolean;
}

function OpenPage({ state, form, isLookedAt, ...props }: OpenPageProps) {
  const { wizard, onAnswer, cutNotes, isHeld, isApproved = false, focusesFirst } = props;
  const { page } = state;
  const send = async (payload: Fields): Promise<void> => {
    const answer = isHeld ? null : await wizard.submit(payload);
    if (answer) onAnswer(answer);
  };
  const buttons = !isHeld && <Buttons {...props} state={state} />;
  if (!page) return <EmptyForm onSubmit={() => void send({})}>{buttons}</EmptyForm>;
  return (
    <Boundary name="This form">
      <Suspense fallback={<p className="muted">Loading the form…</p>}>
        <div className="wizard-fields">
          <PageForm
            key={`${state.edition} ${isLookedAt}`}
            schema={isLookedAt ? toLookAt(page.schema) : page.schema}
            initialData={page.initialData}
            uiSchema={page.uiSchema}
            draft={state.draft}
            problems={state.problems}
            isSending={state.isSending}
            isApproved={isApproved}
            {...(cutNotes && { cutNotes: cutNotes(page) })}
            onDraft={(changed) => wizard.type(changed)}
            onSubmit={(payload) => void send(payload)}
          >
            {buttons}
          </PageForm>
        </div>
        {focusesFirst && <FocusFirst key={state.edition} form={form} />}
      </Suspense>
    </Boundary>
  );
}

function Buttons({ wizard, label, extras, footer, state }: WizardProps & { state: WizardState }) {
  const { page, index, isSending, isDone } = state;
  return (
    <div className="wizard-side">
      {footer}
      <div className="wizard-buttons">
        {index > 0 && (
          <button type="button" onClick={() => wizard.back()}>
            Back
          </button>
        )}
        {extras}
        {/* Not disabled while it is sent: the focus would be lost. The wizard sends once. */}
        <button type="submit" className="primary" aria-disabled={isSending || isDone}>
          {isSending ? "Sending…" : page?.submitLabel || (page?.hasNext ? "Next" : label)}
        </button>
      </div>
      {page && mayGoOn(page) && page.submitLabel === "Next" && <p className="help">If no page follows, “Next” is final.</p>}
    </div>
  );
}

/** The same page with nothing to fill in: every field is drawn as a fact. */
function toLookAt(schema: Json): Json {
  const root = asSchema(schema);
  const fields = Object.entries(asSchema(root.properties)).map(([name, field]) => [name, { ...asSchema(field), readOnly: true }]);
  return { ...root, properties: Object.fromEntries(fields) } as Json;
}

function EmptyForm({ onSubmit, children }: { onSubmit: () => void; children: ReactNode }) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <p className="muted">There is nothing to fill in.</p>
      {children}
    </form>
  );
}

/** Mounted together with the fields, which may come later than the page around them. */
function FocusFirst({ form }: { form: React.RefObject<HTMLElement | null> }) {
  useEffect(() => (form.current ? focusFirst(form.current) : undefined), [form]);
  return null;
}

/** The server knows only after the page whether another one follows. What is only confirmed is taken for the last page. */
const mayGoOn = ({ hasNext, isConfirmation }: Page): boolean => hasNext && !isConfirmation;

/** A title that is made of the name of a class says less than the heading above, unless it tells pages apart. */
function isSaidAbove(page: Page, above: string): boolean {
  const { title, key, index } = page;
  const isOnly = index === 0 && !mayGoOn(page);
  return isSameTitle(title, above) || (isOnly && above !== "" && isSameTitle(title, key.replaceAll("-", " ")));
}

interface PageHeadProps {
  page: Page;
  index: number;
  heading: "h2" | "h3";
  above: string;
}

function PageHead({ page, index, heading: Heading, above }: PageHeadProps) {
  // How many pages there are is not known before they are answered.
  const progress = index > 0 || mayGoOn(page) ? `Page ${index + 1}${mayGoOn(page) ? " · more pages may follow" : ""}` : null;
  return (
    <header className="wizard-head">
      {progress && <p className="muted">{progress}</p>}
      {/* It still takes the focus if the page has no field. */}
      <Heading tabIndex={-1} data-page-title className={isSaidAbove(page, above) ? "unseen" : undefined}>
        {visible(page.title)}
      </Heading>
      {page.description && <p className="words">{readable(page.description)}</p>}
    </header>
  );
}

function Alarm({ state, form }: { state: WizardState; form: React.RefObject<HTMLElement | null> }) {
  const { problems, refusal, error, page, alarms } = state;
  if (!problems.length && !refusal && !error) return null;
  return (
    <div key={alarms} className="wizard-alarm" role="alert" tabIndex={-1}>
      {problems.length > 0 && <Problems problems={problems} schema={page?.schema} form={form} />}
      {refusal && (
        <p>
          <RefusalWords refusal={refusal} />
        </p>
      )}
      {error && (
        <p>
          <ErrorWords error={error} /> What you typed is still here: try again.
        </p>
      )}
    </div>
  );
}

function useAlarm(alarms: number, form: React.RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (alarms > 0) form.current?.querySelector<HTMLElement>(".wizard-alarm")?.focus();
  }, [alarms, form]);
}

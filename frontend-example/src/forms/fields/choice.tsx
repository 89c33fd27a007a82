/** Yes or no, one of several, several of several, and the list of tasks that must be done. */
import { useState } from "react";
import { isEqual, type Json } from "../../api/json";
import { asList, asSchema, resolved, type Schema } from "../schema";
import { textOf } from "../typed";
import { filledAlternatives } from "../kinds";
import { safeAddress } from "../markdown";
import { visible } from "../../visible";
import { usePage } from "./context";
import type { DrawnProps } from "./drawn";

interface Option {
  value: Json;
  label: string;
}

/** The choices of a schema; null is drawn by the control. */
function optionsOf(schema: Schema, ui: Schema, root: Schema): Option[] {
  const labels = asSchema(schema.options);
  const names = asList(ui["ui:enumNames"]);
  const found = schema.enum
    ? asList(schema.enum).map((value, at) => ({ value, label: visible(textOf(names[at] ?? labels[textOf(value)] ?? wordsOf(value))) }))
    : filledAlternatives(schema, root).map(({ const: value = null, title }) => ({ value, label: visible(textOf(title ?? wordsOf(value))) }));
  return found.filter(({ value }) => value !== null);
}

const wordsOf = (value: Json): Json => (value === true ? "Yes" : value === false ? "No" : value);

export function ChoiceField({ schema, ui, value, control, change }: DrawnProps) {
  const { root } = usePage();
  const options = optionsOf(schema, ui, root);
  const chosen = options.findIndex((option) => isEqual(option.value, value));
  const isNullable = schema.isNullable === true;
  return (
    <select {...control} value={chosen < 0 ? "" : chosen} onChange={({ target }) => change(target.value === "" ? null : (options[Number(target.value)]?.value ?? null))}>
      {(isNullable || chosen < 0) && (
        <option value="" disabled={!isNullable}>
          {isNullable ? "Not set" : "Choose…"}
        </option>
      )}
      {options.map(({ label }, at) => (
        <option key={at} value={at}>
          {label}
        </option>
      ))}
    </select>
  );
}

/** A yes or no with a default is one box; a missing answer is not a no, so it needs words. */
export const isBox = (schema: Schema): boolean => schema.isNullable !== true && typeof schema.default === "boolean";

export function BooleanField({ schema, value, control, change }: DrawnProps) {
  const isNullable = schema.isNullable === true;
  if (isBox(schema))
    return <input {...control} aria-required={undefined} type="checkbox" checked={(value ?? schema.default) === true} onChange={({ target }) => change(target.checked)} />;
  const options: [Json, string][] = [[true, "Yes"], [false, "No"], ...(isNullable ? [[null, "Not set"] as [Json, string]] : [])];
  return (
    <div className="radios">
      {options.map(([option, label], at) => (
        <label key={label} className="tick">
          <input
            type="radio"
            name={control.id}
            {...(at === 0 ? { id: control.id, "aria-describedby": control["aria-describedby"] } : {})}
            checked={(value ?? null) === option && (isNullable || value !== undefined)}
            onChange={() => change(option)}
          />
          {label}
        </label>
      ))}
    </div>
  );
}

/** What is ticked is added at the end, so the order of the others stays. */
export function ChoicesField({ schema, ui, value, control, change }: DrawnProps) {
  const { root } = usePage();
  const ticked = asList(value);
  const names = asSchema(ui.items)["ui:enumNames"] ?? ui["ui:enumNames"];
  const options = optionsOf(resolved(asSchema(schema.items), root), { "ui:enumNames": names }, root);
  const toggle = (option: Json, isTicked: boolean): void =>
    change(isTicked ? [...ticked, option] : ticked.filter((other) => !isEqual(other, option)));
  return (
    <div className="boxes">
      {options.map(({ value: option, label }, at) => (
        <label key={at} className="tick">
          <input
            type="checkbox"
            id={at === 0 ? control.id : `${control.id}__${at}`}
            aria-describedby={control["aria-describedby"]}
            checked={ticked.some((other) => isEqual(other, option))}
            onChange={({ target }) => toggle(option, target.checked)}
          />
          {label}
        </label>
      ))}
      {!options.length && <p className="muted">There is nothing to choose.</p>}
    </div>
  );
}

const DONE = "ACCEPTED";
const NOT_DONE = "INCOMPLETE";

interface Task {
  text: string;
  type: string;
}

const tasksOf = (schema: Schema): Task[] =>
  asList(schema.data).map((task) => {
    const [text, type] = asList(task);
    return { text: textOf(text), type: textOf(type) };
  });

const isTickable = ({ type }: Task): boolean => /checkbox|skip/.test(type);
const isNeeded = ({ type }: Task): boolean => type === "checkbox" || type === ">checkbox";

export const hasTasks = (schema: Schema): boolean => tasksOf(schema).some(isNeeded);

/** Tasks to tick: the answer is `ACCEPTED` if all of them are done, or if they are skipped. */
export function AcceptField({ schema, value, control, change }: DrawnProps) {
  const tasks = tasksOf(schema);
  if (!hasTasks(schema)) return <AcceptBox control={control} isTicked={value === DONE} onTick={(isTicked) => change(isTicked ? DONE : NOT_DONE)} />;
  return <TaskList tasks={tasks} control={control} isDone={value === DONE} onChange={(isDone) => change(isDone ? DONE : NOT_DONE)} />;
}

interface BoxProps {
  control: DrawnProps["control"];
  isTicked: boolean;
  onTick: (isTicked: boolean) => void;
}

function AcceptBox({ control, isTicked, onTick }: BoxProps) {
  return <input {...control} aria-required={undefined} type="checkbox" checked={isTicked} onChange={({ target }) => onTick(target.checked)} />;
}

interface TaskListProps {
  tasks: readonly Task[];
  control: DrawnProps["control"];
  isDone: boolean;
  onChange: (isDone: boolean) => void;
}

function TaskList({ tasks, control, isDone, onChange }: TaskListProps) {
  const [ticked, setTicked] = useState<ReadonlySet<number>>(() => new Set(isDone ? tasks.flatMap((task, at) => (isNeeded(task) ? [at] : [])) : []));
  const first = tasks.findIndex(isTickable);
  const tick = (at: number, isTicked: boolean): void => {
    const now = new Set(ticked);
    if (isTicked) now.add(at);
    else now.delete(at);
    setTicked(now);
    onChange(tasks.some((task, other) => task.type === "skip" && now.has(other)) || tasks.every((task, other) => !isNeeded(task) || now.has(other)));
  };
  return (
    <ul className="boxes">
      {tasks.map((task, at) => (
        <li key={at} className={task.type.startsWith(">") ? "deeper" : undefined}>
          {isTickable(task) ? (
            <label className="tick">
              <AcceptBox
                control={at === first ? control : { ...control, id: `${control.id}__${at}` }}
                isTicked={ticked.has(at)}
                onTick={(isTicked) => tick(at, isTicked)}
              />
              {task.text}
            </label>
          ) : (
            <p className={`words task-${task.type}`}>{task.type === "url" ? <a href={safeAddress(task.text)}>{task.text}</a> : task.text}</p>
          )}
        </li>
      ))}
    </ul>
  );
}

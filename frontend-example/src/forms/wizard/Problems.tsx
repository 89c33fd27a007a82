/** The error summary: what is wrong, field by field, each with the way to its field. */
import type { RefObject } from "react";
import { fieldLabel, focusField } from "./summary";
import type { FormProblem } from "./wizard";

interface Props {
  problems: readonly FormProblem[];
  schema: unknown;
  form: RefObject<HTMLElement | null>;
}

export function Problems({ problems, schema, form }: Props) {
  return (
    <>
      <p>{problems.length === 1 ? "One thing must be corrected:" : `${problems.length} things must be corrected:`}</p>
      <ul>
        {problems.map(({ path, message }, index) => {
          const label = fieldLabel(path, schema);
          return (
            <li key={index}>
              {label !== null && (
                <>
                  <button type="button" className="link" onClick={() => form.current && focusField(form.current, path)}>
                    {label}
                  </button>
                  {": "}
                </>
              )}
              {message}
            </li>
          );
        })}
      </ul>
    </>
  );
}

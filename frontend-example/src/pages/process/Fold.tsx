/** A part that is folded until somebody opens it. What is in it exists only then. */
import { useState, type ReactNode } from "react";

interface Props {
  /** Which part it is, for tests and styles. */
  name: string;
  label: ReactNode;
  /** Whether it is open as long as nobody has opened or closed it. */
  startsOpen?: boolean;
  children: () => ReactNode;
}

export function Fold({ name, label, startsOpen = false, children }: Props) {
  const [choice, setChoice] = useState<boolean | null>(null);
  const isOpen = choice ?? startsOpen;
  return (
    <details data-name={name} open={isOpen}>
      <summary
        onClick={(event) => {
          // The event `toggle` also follows our own changes, and would pass for a choice of the person.
          event.preventDefault();
          setChoice(!isOpen);
        }}
      >
        {label}
      </summary>
      {isOpen && children()}
    </details>
  );
}

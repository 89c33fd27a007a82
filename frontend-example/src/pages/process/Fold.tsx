/** A part that is folded until somebody opens it. What is in it exists only then. */
import { useState, type ReactNode } from "react";

interface Props {
  /** Which part it is, for tests and styles. */
  name: string;
  label: ReactNode;
  startsOpen?: boolean;
  children: () => ReactNode;
}

export function Fold({ name, label, startsOpen = false, children }: Props) {
  const [isOpen, setOpen] = useState(startsOpen);
  return (
    <details data-name={name} open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{label}</summary>
      {isOpen && children()}
    </details>
  );
}

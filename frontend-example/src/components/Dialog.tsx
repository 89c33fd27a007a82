/** A dialog over the page: focus stays in it, Escape closes it, and focus returns to what opened it. Load it lazily. */
import { Dialog as Base } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import "../styles/dialog.css";

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

export default function Dialog({ title, onClose, children }: Props) {
  return (
    <Base.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="dialog-backdrop" />
        <Base.Popup className="dialog">
          <Base.Title className="dialog-title">{title}</Base.Title>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

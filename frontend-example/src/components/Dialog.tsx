/**
 * A dialog over the page. Focus stays in it and returns to what opened it; Escape and a click beside it close it, unless
 * something is being sent. Load it lazily: it brings the library of dialogs.
 */
import { Dialog as Base } from "@base-ui/react/dialog";
import type { ReactNode, RefObject } from "react";
import { ICONS } from "../status";
import "../styles/dialog.css";
import { Icon } from "./Badge";

interface Props {
  title: string;
  /** One or two sentences that a screen reader says with the title. */
  description?: ReactNode;
  onClose: () => void;
  /** Something is being sent: the dialog stays until the answer is there. */
  isBusy?: boolean;
  /** The element that gets the focus; the first one that can have it, else. */
  initialFocus?: RefObject<HTMLElement | null>;
  /** Room for a table or a form. */
  isWide?: boolean;
  children: ReactNode;
}

export default function Dialog({ title, description, onClose, isBusy = false, initialFocus, isWide = false, children }: Props) {
  return (
    <Base.Root open onOpenChange={(isOpen) => !isOpen && !isBusy && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="dialog-backdrop" />
        <Base.Popup
          className={isWide ? "dialog wide-dialog" : "dialog"}
          aria-busy={isBusy}
          {...(initialFocus && { initialFocus })}
        >
          <Base.Title className="dialog-title">{title}</Base.Title>
          {description && <Base.Description className="dialog-description words">{description}</Base.Description>}
          {children}
          {/* Last, so that the focus begins at the first field. */}
          <Base.Close className="quiet dialog-close" aria-label="Close" disabled={isBusy}>
            <Icon path={ICONS.cross} />
          </Base.Close>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** Copies a text, also if the page came over plain HTTP, where browsers hide `navigator.clipboard`. */

/** True if the text is in the clipboard. `near` is an element in whose parent a helper may stand for a moment. */
export async function copyText(text: string, near: HTMLElement): Promise<boolean> {
  // Undefined over plain HTTP, whatever the types say.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (clipboard) {
    try {
      await clipboard.writeText(text);
      return true;
    } catch {
      // Refused by a policy or without focus: the older way may still work.
    }
  }
  return copySelected(text, near);
}

function copySelected(text: string, near: HTMLElement): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  area.readOnly = true;
  // Beside the button: a dialog takes the focus back from elements outside it.
  near.parentElement?.append(area);
  area.select();
  let isCopied = false;
  try {
    isCopied = document.execCommand("copy");
  } catch {
    isCopied = false;
  }
  area.remove();
  near.focus();
  return isCopied;
}

/** The button of the menu. The menu itself, with its library, is loaded when somebody wants it. */
import { lazy, Suspense, useState } from "react";

const MoreMenu = lazy(() => import("./MoreMenu"));

export function More() {
  const [isWanted, setWanted] = useState(false);
  const button = (
    <button type="button" className="quiet more" aria-haspopup="menu" aria-expanded={false} onClick={() => setWanted(true)}>
      More
    </button>
  );
  if (!isWanted) return button;
  return (
    <Suspense fallback={button}>
      <MoreMenu />
    </Suspense>
  );
}

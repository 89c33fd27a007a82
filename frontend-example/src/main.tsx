/** The entry: find out who asks, follow the stream, draw the page. */
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import { askOtherTabs } from "./api/session";
import { App } from "./app/App";
import { addressOfHash, basePath } from "./app/addresses";
import { followTheme } from "./preferences";

/** Links of mails that were sent before have the address behind a `#`. */
function takeOldLink(): void {
  const address = addressOfHash(location.hash);
  if (address !== null) history.replaceState(null, "", basePath + address);
}

followTheme();
takeOldLink();
window.addEventListener("hashchange", takeOldLink);

const root = document.getElementById("app");
if (root) {
  void askOtherTabs().then(() =>
    createRoot(root).render(
      <Router base={basePath}>
        <App />
      </Router>,
    ),
  );
}

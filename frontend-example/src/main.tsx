/** The entry: find out who asks, follow the stream, draw the page. */
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import { askOtherTabs } from "./api/session";
import { App } from "./app/App";
import { basePath } from "./app/addresses";

// Links of mails that were sent before have the address behind a `#`.
if (location.hash.startsWith("#/")) history.replaceState(null, "", basePath + location.hash.slice(1));

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

// The chosen theme, before anything is drawn. `theme.ts` stores the choice under the same name.
(function () {
  try {
    var theme = localStorage.getItem("orchestrator-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch (_) {
    // Storage is switched off: the theme of the system it is.
  }
})();

// Keyboard shortcuts: / to search, n for a new song, ? for the list. The page says whether its user wants them.
"use strict";

(() => {
  const { shortcuts, songs } = document.body.dataset;
  const TYPED_IN = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=file])";
  const SEARCH = "main input[type=search]";
  const NEW_SONG = ".quick-add input[name=title]";

  // A field that is in a closed part of the page is shown first.
  function enter(selector) {
    const field = document.querySelector(selector);
    if (!field) return false;
    const drawer = field.closest("details");
    if (drawer) drawer.open = true;
    field.focus();
    field.select();
    return true;
  }

  const actions = {
    "/": () => enter(SEARCH) || window.location.assign(`${songs}#search`),
    n: () => enter(NEW_SONG) || window.location.assign(`${songs}#new-song`),
    "?": () => window.htmx?.ajax("GET", shortcuts, { target: "#person-card-body", swap: "innerHTML" }),
  };

  function onKey(event) {
    const action = actions[event.key];
    if (!action || event.defaultPrevented || event.isComposing || event.repeat) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.(TYPED_IN) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    action();
  }

  if (shortcuts) document.addEventListener("keydown", onKey);
  if (window.location.hash === "#new-song") enter(NEW_SONG);
  if (window.location.hash === "#search") enter(SEARCH);
})();

// The card of a person over the page. A name is a link to the profile; htmx asks for the card, this opens what came.
"use strict";

(() => {
  const dialog = document.getElementById("person-card");
  const body = document.getElementById("person-card-body");
  if (!dialog || !body || !dialog.showModal) return;

  let opener = null;

  // For a new tab or window the link is meant, not the card; htmx would ask for the card all the same.
  document.addEventListener(
    "click",
    (event) => {
      const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
      if (elsewhere && event.target.closest?.(".user-name")) event.stopPropagation();
    },
    true,
  );

  function open(event) {
    if (event.detail.target !== body) return;
    opener = event.detail.requestConfig?.elt ?? null;
    dialog.setAttribute("aria-labelledby", "person-card-name");
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  }

  // What was asked before may be gone by now; then the keyboard goes on at the beginning of the page's content.
  function afterwards() {
    const back = opener?.isConnected ? opener : document.getElementById("main");
    opener = null;
    body.replaceChildren();
    dialog.removeAttribute("aria-labelledby");
    back?.focus({ preventScroll: true });
  }

  document.addEventListener("htmx:afterSwap", open);
  dialog.addEventListener("close", afterwards);
  document.getElementById("person-card-close").addEventListener("click", () => dialog.close());
  // All that can be seen of it lies in its inner part: a click on the dialog itself is one outside.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  // Escape closes the card only, not a message as well.
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Escape") event.stopPropagation();
  });
})();

// The list of songs and the page of a song: where the cursor goes, Escape, and the bar for selected songs.
"use strict";

(() => {
  // After a song was added, the next title is typed.
  function moveCursor() {
    const title = document.querySelector("#songs-panel [data-cursor]");
    if (!title) return;
    title.removeAttribute("data-cursor");
    title.focus();
  }

  // Escape closes what is being edited, and nothing else: not a message as well.
  function closeEdit(event) {
    if (event.key !== "Escape") return;
    const cancel = event.target.closest?.(".song--editing")?.querySelector("[data-cancel]");
    const drawer = event.target.closest?.("details.drawer[open]");
    if (!cancel && !drawer) return;
    event.stopPropagation();
    if (cancel) {
      cancel.click();
    } else {
      drawer.open = false;
      drawer.querySelector("summary").focus();
    }
  }

  // --- selected songs ---------------------------------------------------------------------------

  const boxes = () => [...document.querySelectorAll('#song-rows [name="songs"]')];

  function showSelection() {
    const bar = document.getElementById("bulk");
    if (!bar) return;
    const count = boxes().filter((box) => box.checked).length;
    bar.querySelector("[data-selected]").textContent = `${count} ${count === 1 ? "song" : "songs"} selected`;
    bar.querySelector("[data-select-all]").hidden = count === boxes().length;
  }

  function onChange(event) {
    if (event.target.name === "songs") showSelection();
  }

  function onClick(event) {
    if (!event.target.closest?.("[data-select-all]")) return;
    for (const box of boxes()) box.checked = true;
    showSelection();
  }

  // What offered to undo goes once it is undone.
  function removeOffer(event) {
    if (event.detail.successful) event.target.closest?.(".undo")?.closest(".toast, .notice--undo")?.remove();
  }

  document.addEventListener("htmx:afterSettle", () => {
    moveCursor();
    showSelection();
  });
  document.addEventListener("htmx:afterRequest", removeOffer);
  document.addEventListener("keydown", closeEdit, true);
  document.addEventListener("change", onChange);
  document.addEventListener("click", onClick);
  document.addEventListener("reset", () => setTimeout(showSelection));
  showSelection();
})();

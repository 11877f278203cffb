// What every page needs of a script. Everything here is a comfort: without it all of the site still works.
"use strict";

// Before anything is painted, so that nothing jumps when buttons that htmx makes unneeded disappear.
document.documentElement.classList.add("js");

(() => {
  let failures = 0;

  // The days of a streak are days where one lives; the browser knows where that is.
  function fillTimezone() {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    for (const input of document.querySelectorAll("input[data-timezone]")) {
      if (zone && !input.value) input.value = zone;
    }
  }

  // The row of places may be wider than a phone; the one that one is in is to be seen.
  function showPlace() {
    const here = document.querySelector(".nav__list--places [aria-current]");
    const row = here?.closest("ul");
    if (row) row.scrollLeft += here.getBoundingClientRect().right - row.getBoundingClientRect().right + 48;
  }

  function element(name, className, text) {
    const made = document.createElement(name);
    made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  // The same frame as the toasts of the templates, filled with text only.
  function announceFailure(message) {
    const stack = document.getElementById("toasts");
    if (!stack) return;
    const toast = element("li", "toast toast--error");
    toast.id = `toast-error-${++failures}`;
    toast.dataset.toast = "error";
    toast.dataset.stays = "";
    toast.setAttribute("role", "presentation");
    const body = element("div", "toast__text");
    body.append(element("p", "toast__name", "That didn't work"), element("p", "toast__description", message));
    const close = element("button", "toast__close", "×");
    close.type = "button";
    close.dataset.close = "";
    close.setAttribute("aria-label", "Dismiss");
    toast.append(body, close);
    stack.querySelector('[data-toast="error"]')?.remove();
    stack.append(toast);
  }

  // Retry-After is a number of seconds or a date.
  function secondsToWait(request) {
    const value = request?.getResponseHeader("Retry-After");
    if (!value) return 0;
    const seconds = Number.isNaN(Number(value)) ? (Date.parse(value) - Date.now()) / 1000 : Number(value);
    return Math.max(0, Math.ceil(seconds)) || 0;
  }

  // `45 seconds`, `2 minutes`, `24 hours`: rather too long than too short.
  function inWords(seconds) {
    const [size, unit] = [[3600, "hour"], [60, "minute"]].find(([most]) => seconds > 1.5 * most) ?? [1, "second"];
    const number = Math.ceil(seconds / size);
    return `${number} ${unit}${number === 1 ? "" : "s"}`;
  }

  function onFailure(event) {
    const seconds = secondsToWait(event.detail.xhr);
    announceFailure(seconds ? `Please try again in ${inWords(seconds)}.` : "Please try again.");
  }

  function markBusy(event) {
    event.detail.target?.setAttribute("aria-busy", "true");
  }

  function markIdle(event) {
    event.detail.target?.removeAttribute("aria-busy");
  }

  // htmx gives the focus back to the element of the same id. Where there is none (a row becomes a form, a form becomes a
  // row), the keyboard goes on at what the new content names by data-focus, instead of at the top of the page.
  const heldFocus = new WeakSet();

  function noteFocus(event) {
    if (event.detail.target?.contains(document.activeElement)) heldFocus.add(event.detail.xhr);
  }

  function keepFocus(event) {
    if (!heldFocus.has(event.detail.xhr) || document.activeElement !== document.body) return;
    event.target.querySelector?.("[data-focus]")?.focus();
  }

  // What had the focus in a row, in the row that came back: the same button, the next part, a button to undo, the title.
  function focusInRow(rowId, same, next) {
    const row = document.getElementById(rowId);
    const undo = "#toasts .toast:last-child [data-undo]";
    const found = row ? row.querySelector(same) || row.querySelector(next) || row.querySelector("[data-undo], h3 a") : document.querySelector(undo);
    found?.focus({ preventScroll: true });
  }

  // The buttons of rows share one form and name their own addresses, which works without this. With it only the row comes back.
  function sendFromRow(event) {
    const button = event.target.closest?.("[data-row-actions] button[formaction]");
    if (!button || !window.htmx) return;
    event.preventDefault();
    const address = button.getAttribute("formaction");
    const row = button.closest("li");
    // A mouse needs no place to go on from, and a message that has the focus would stay.
    const hadFocus = document.activeElement === button && (button.name || button.matches(":focus-visible"));
    const same = `button[formaction="${address}"][value="${CSS.escape(button.value)}"]`;
    const next = `button[name="${CSS.escape(button.name || "none")}"]`;
    htmx.ajax("POST", address, { source: button, target: row, swap: "outerHTML" }).then(
      () => hadFocus && focusInRow(row.id, same, next),
      () => {}, // announced by onFailure
    );
  }

  // A plain click on *Edit* opens the form in place of the row.
  function editRow(event) {
    const link = event.target.closest?.('[data-row-actions] a[href$="/edit"]');
    if (!link || !window.htmx || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    htmx.ajax("GET", link.getAttribute("href"), { source: link, target: link.closest("li"), swap: "outerHTML" });
  }

  // Browsers without ::details-content cannot open a form by style alone.
  function openWhereThereIsRoom() {
    if (CSS.supports("selector(::details-content)") || !matchMedia("(width >= 40rem)").matches) return;
    for (const drawer of document.querySelectorAll("[data-open-wide]")) drawer.open = true;
  }

  document.addEventListener("DOMContentLoaded", openWhereThereIsRoom);
  document.addEventListener("htmx:afterSettle", openWhereThereIsRoom);

  // The text to copy stands in a field, so that it can be copied without this, too.
  async function copyText(event) {
    const button = event.target.closest?.("button[data-copy]");
    const source = button && document.getElementById(button.dataset.copy);
    if (!source) return;
    source.select();
    try {
      await navigator.clipboard.writeText(source.value);
    } catch {
      return; // no permission: the text stays selected
    }
    button.firstChild.data = "Copied";
    setTimeout(() => {
      button.firstChild.data = "Copy";
    }, 2000);
  }

  document.addEventListener("click", sendFromRow);
  document.addEventListener("click", copyText);
  document.addEventListener("click", editRow);
  document.addEventListener("DOMContentLoaded", fillTimezone);
  document.addEventListener("DOMContentLoaded", showPlace);
  document.addEventListener("htmx:beforeSwap", noteFocus);
  document.addEventListener("htmx:afterSettle", keepFocus);
  document.addEventListener("htmx:beforeRequest", markBusy);
  document.addEventListener("htmx:afterRequest", markIdle);
  document.addEventListener("htmx:responseError", onFailure);
  document.addEventListener("htmx:sendError", onFailure);
  document.addEventListener("htmx:timeout", onFailure);
})();

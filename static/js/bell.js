// The bell: opens its panel in place, and asks now and then whether something has come. Without it the bell is a link.
"use strict";

(() => {
  const place = document.getElementById("bell-place");
  const panel = document.getElementById("bell-panel");
  const status = document.getElementById("bell-status");
  if (!place || !panel || !window.htmx) return;

  const SHORTEST_MS = 30_000;
  const LONGEST_MS = 300_000;
  const IDLE_AFTER_MS = 30 * 60_000;
  const FRESH_MS = 10_000;
  const JITTER = 0.15;
  // A stream tells the version every 15 seconds; for longer silence it is not to be relied on.
  const HEARD_MS = 40_000;
  const SAY_EVERY_MS = 30_000;

  const bell = () => document.getElementById("bell");
  let timer = 0;
  let wait = SHORTEST_MS;
  let askedAt = Date.now();
  let changedAt = Date.now();
  let saidAt = 0;
  let heardAt = Number.NEGATIVE_INFINITY;
  let stopped = false;
  let known = news();

  // Below the inbox, where the bell leads.
  const address = (name) => bell().href + name;

  function news() {
    return Number(bell()?.dataset.new ?? 0);
  }

  // --- the panel ---

  // A link that opens something in place is a button; the bell is replaced whenever it changes.
  function dress() {
    const link = bell();
    if (!link) return;
    link.setAttribute("role", "button");
    link.setAttribute("aria-controls", panel.id);
    link.setAttribute("aria-expanded", String(!panel.hidden));
  }

  function open() {
    panel.hidden = false;
    panel.setAttribute("aria-busy", "true");
    dress();
    htmx
      .ajax("GET", address("panel"), { target: panel, swap: "innerHTML" })
      .catch(() => {}) // announced by site.js
      .finally(() => panel.removeAttribute("aria-busy"));
  }

  function close({ focus }) {
    if (panel.hidden) return;
    panel.hidden = true;
    dress();
    if (focus) bell()?.focus();
  }

  function toggle(event) {
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!event.target.closest?.("#bell") || !isPlain) return;
    event.preventDefault();
    if (panel.hidden) open();
    else close({ focus: true });
  }

  function onKey(event) {
    if (event.key === "Escape" && !panel.hidden) {
      event.stopPropagation();
      close({ focus: true });
    }
    if (event.key === " " && event.target === bell()) {
      event.preventDefault();
      event.target.click();
    }
  }

  function onOutside(event) {
    if (!panel.hidden && !place.contains(event.target)) close({ focus: false });
  }

  // --- what has come ---

  function say(count) {
    if (Date.now() - saidAt < SAY_EVERY_MS) return;
    saidAt = Date.now();
    status.textContent = count === 1 ? "1 new notification" : `${count} new notifications`;
  }

  function noteChange() {
    dress();
    const now = news();
    if (now > known) say(now - known);
    if (now !== known) {
      changedAt = Date.now();
      wait = SHORTEST_MS;
    }
    known = now;
  }

  function replace(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("bell");
    const old = bell();
    if (!fresh || !old) return;
    const hadFocus = document.activeElement === old;
    old.replaceWith(fresh);
    if (hadFocus) fresh.focus();
    noteChange();
  }

  async function ask() {
    askedAt = Date.now();
    let pause = 0;
    try {
      const version = bell()?.dataset.version;
      const response = await fetch(address("unread-count"), {
        headers: { "HX-Request": "true", ...(version ? { "If-None-Match": `W/"${version}"` } : {}) },
        credentials: "same-origin",
        cache: "no-store",
        redirect: "manual",
      });
      // Signed out meanwhile: nothing comes any more.
      if (response.status === 401 || response.type === "opaqueredirect") stopped = true;
      if (response.status === 200) {
        replace(await response.text());
      }
      pause = Number(response.headers.get("Retry-After")) * 1000 || 0;
    } catch {
      // Offline; the next time comes.
    }
    if (Date.now() - changedAt > IDLE_AFTER_MS) wait = Math.min(wait * 1.5, LONGEST_MS);
    plan(pause);
  }

  function plan(pause = 0) {
    clearTimeout(timer);
    if (stopped || document.visibilityState !== "visible") return;
    const jitter = 1 + (Math.random() * 2 - 1) * JITTER;
    timer = setTimeout(ask, Math.max(wait * jitter, pause, heardAt + HEARD_MS - Date.now()));
  }

  // bell_stream.js has told the version: as long as it does there is nothing to ask for.
  function onHeard(event) {
    heardAt = Date.now();
    place.dataset.heard = event.detail;
    if (stopped || document.visibilityState !== "visible") return;
    if (event.detail === bell()?.dataset.version) plan();
    else ask();
  }

  function onReturn() {
    if (stopped || document.visibilityState !== "visible") {
      clearTimeout(timer);
      return;
    }
    changedAt = Date.now();
    wait = SHORTEST_MS;
    if (Date.now() - askedAt > FRESH_MS) ask();
    else plan();
  }

  document.addEventListener("click", toggle);
  document.addEventListener("click", onOutside);
  document.addEventListener("keydown", onKey);
  document.addEventListener("visibilitychange", onReturn);
  window.addEventListener("focus", onReturn);
  window.addEventListener("online", onReturn);
  // Every response to htmx brings the bell if it shows something else than this version.
  document.addEventListener("htmx:configRequest", (event) => {
    const version = bell()?.dataset.version;
    if (version) event.detail.headers["Bell-Version"] = version;
  });
  document.addEventListener("htmx:oobAfterSwap", noteChange);
  document.addEventListener("bell:heard", onHeard);
  dress();
  plan();
})();

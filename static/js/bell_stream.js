// The event stream of the bell: one visible tab of the browser has it and passes on what it hears. Without it bell.js asks.
"use strict";

(() => {
  const address = document.getElementById("bell-place")?.dataset.stream;
  if (!address || !navigator.locks || !window.EventSource || !window.BroadcastChannel) return;

  const NAME = "bell-stream";
  const SETTLE_MS = 500; // a page that is left at once opens none
  const HIDDEN_MS = 60_000;
  const RETRY_MS = 60_000;
  const ASK = "";

  const tabs = new BroadcastChannel(NAME);
  let source = null;
  let release = null;
  let waiting = null;
  let timer = 0;
  let last = ASK;

  function tell(version) {
    document.dispatchEvent(new CustomEvent("bell:heard", { detail: version }));
  }

  function listen() {
    source = new EventSource(address);
    source.addEventListener("message", (event) => {
      last = event.data;
      tabs.postMessage(last);
      tell(last);
    });
    source.addEventListener("error", () => {
      // It comes back by itself, unless the site has none to give or nobody is signed in.
      if (source?.readyState !== EventSource.CLOSED) return;
      leave();
      plan(join, RETRY_MS);
    });
  }

  // The browser gives the lock to one tab, and to the next one when that is closed.
  function join() {
    if (waiting || document.visibilityState !== "visible") return;
    waiting = new AbortController();
    navigator.locks
      .request(NAME, { signal: waiting.signal }, () => {
        listen();
        return new Promise((resolve) => {
          release = resolve;
        });
      })
      .catch(() => {}); // left while waiting
  }

  function leave() {
    source?.close();
    waiting?.abort();
    release?.();
    source = waiting = release = null;
    last = ASK;
  }

  function plan(action, pause) {
    clearTimeout(timer);
    timer = setTimeout(action, pause);
  }

  // A hidden tab does not wait for the lock, and gives it up after a while.
  function onVisibility() {
    if (document.visibilityState === "visible") plan(join, SETTLE_MS);
    else if (release) plan(leave, HIDDEN_MS);
    else leave();
  }

  tabs.addEventListener("message", (event) => {
    if (event.data !== ASK) tell(event.data);
    else if (source && last !== ASK) tabs.postMessage(last);
  });
  document.addEventListener("visibilitychange", onVisibility);
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", onVisibility);
  onVisibility();
  tabs.postMessage(ASK);
})();

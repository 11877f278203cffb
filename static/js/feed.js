// The feed: asks once a minute, while the page can be seen, whether something has come. Without it one reloads the page.
"use strict";

(() => {
  if (!window.htmx || !document.getElementById("feed-new")) return;

  const EVERY_MS = 60_000;
  let askedAt = Date.now();

  function ask() {
    const place = document.getElementById("feed-new");
    if (!place?.dataset.news || document.visibilityState !== "visible" || Date.now() - askedAt < EVERY_MS) return;
    askedAt = Date.now();
    htmx.ajax("GET", place.dataset.news, { target: place, swap: "outerHTML" }).catch(() => {});
  }

  setInterval(ask, EVERY_MS / 4);
  document.addEventListener("visibilitychange", ask);
})();

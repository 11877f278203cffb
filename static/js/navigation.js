// The frame of every page: a hint where rows of links go on, the account's menu, the theme.
"use strict";

(() => {
  const ROWS = ".nav__list--places, .tabs__list";
  const menu = document.getElementById("account-menu");

  // Which ends of a row are cut off: the style sheets fade them.
  function hint(row) {
    const hidden = row.scrollWidth - row.clientWidth;
    row.dataset.more = [row.scrollLeft > 4 && "start", hidden - row.scrollLeft > 4 && "end"].filter(Boolean).join(" ");
  }

  function hintAll() {
    for (const row of document.querySelectorAll(ROWS)) hint(row);
  }

  // The tab that is open is to be seen.
  function showCurrent() {
    for (const tab of document.querySelectorAll(".tabs__tab[aria-current]")) {
      const row = tab.closest(".tabs__list");
      const missing = tab.getBoundingClientRect().right + 56 - row.getBoundingClientRect().right;
      if (missing > 0) row.scrollLeft += missing;
    }
  }

  function closeMenu(event) {
    if (!menu?.open) return;
    if (event.type === "click" && menu.contains(event.target)) return;
    if (event.type === "keydown") {
      if (event.key !== "Escape") return;
      if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    }
    menu.open = false;
  }

  // The switch that came back says what was chosen; a page that the back button shows is not asked again.
  function applyTheme() {
    const chosen = document.getElementById("theme-switch")?.dataset.themeChosen;
    if (!chosen) return;
    document.documentElement.dataset.theme = chosen;
    const schemes = document.querySelector('meta[name="color-scheme"]');
    if (schemes) schemes.content = chosen === "auto" ? "light dark" : chosen;
  }

  showCurrent();
  hintAll();
  window.addEventListener("resize", hintAll);
  document.addEventListener("scroll", (event) => event.target.matches?.(ROWS) && hint(event.target), { capture: true, passive: true });
  document.addEventListener("htmx:afterSettle", hintAll);
  document.addEventListener("click", closeMenu);
  document.addEventListener("keydown", closeMenu);
  document.addEventListener("htmx:afterSettle", applyTheme);
})();

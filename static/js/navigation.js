// The frame of every page: a hint where the row of places goes on, the account's menu, the theme.
"use strict";

(() => {
  const places = document.querySelector(".nav__list--places");
  const menu = document.getElementById("account-menu");

  // Which ends of the row are cut off: layout.css fades them.
  function hint() {
    const hidden = places.scrollWidth - places.clientWidth;
    places.dataset.more = [places.scrollLeft > 4 && "start", hidden - places.scrollLeft > 4 && "end"].filter(Boolean).join(" ");
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

  if (places) {
    places.addEventListener("scroll", hint, { passive: true });
    window.addEventListener("resize", hint);
    hint();
  }
  document.addEventListener("click", closeMenu);
  document.addEventListener("keydown", closeMenu);
  document.addEventListener("htmx:afterSettle", applyTheme);
})();

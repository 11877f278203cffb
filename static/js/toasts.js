// The stack of messages in #toasts: how long they stay, how they leave. They come with the page or are added by htmx.
"use strict";

(() => {
  const stack = document.getElementById("toasts");
  if (!stack) return;

  const STAY_MS = 6000;
  // A message with a button: there must be time to notice the mistake and to reach the button.
  const STAY_WITH_BUTTON_MS = 15000;
  const MOST = 3;
  // A little more than the transition in toasts.css.
  const LEAVING_MS = 220;

  // Toast -> { left: ms still to stand, since: when its clock was started, timer }. Those that stay have no clock.
  const clocks = new Map();
  // Ids of what was shown in this tab, the latest last: what comes again under its id, because the server cannot know
  // whether it was seen or because the back button shows an old page, is dropped.
  const SEEN = "toasts-seen";
  const MOST_SEEN = 200;
  const seen = new Set(recall());
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

  function recall() {
    try {
      return JSON.parse(sessionStorage.getItem(SEEN) ?? "[]");
    } catch {
      return []; // no storage here, or nothing of ours in it
    }
  }

  function remember(id) {
    seen.add(id);
    try {
      sessionStorage.setItem(SEEN, JSON.stringify([...seen].slice(-MOST_SEEN)));
    } catch {
      // This page remembers all the same.
    }
  }

  // What the user pressed last: messages never cover it. They come at the other end of the screen.
  let pressed = null;

  function noteAction(event) {
    const target = event.target.closest?.("button, a, input, select, summary, label");
    if (target && !stack.contains(target)) pressed = target.getBoundingClientRect();
  }

  // On a phone a message is as wide as the screen and would lie on the buttons of whatever is there: it comes where there
  // are none, as low as possible.
  const PHONE = window.matchMedia("(width < 30rem)");
  const MARGIN = 10;
  const STEP = 6;
  const BUTTONS = "main :is(button, input:not([type=hidden]), select, textarea, summary, .button), .masthead :is(button, summary)";

  function boxesOfButtons() {
    const boxes = [...document.querySelectorAll(BUTTONS)].map((each) => each.getBoundingClientRect());
    if (pressed) boxes.push(pressed);
    return boxes.filter((box) => box.height && box.bottom > 0 && box.top < window.innerHeight);
  }

  // The top of a place of this height without a button, or null.
  function freeTop(height) {
    const boxes = boxesOfButtons();
    const isFree = (top) => boxes.every((box) => box.bottom <= top || box.top >= top + height);
    for (let top = window.innerHeight - height - MARGIN; top >= MARGIN; top -= STEP) {
      if (isFree(top)) return top;
    }
    return null;
  }

  // A stack that stands already stays where it is; several messages may come at once.
  const placed = new WeakSet();

  function choosePlace(toast) {
    const stands = standing().some((other) => placed.has(other));
    placed.add(toast);
    if (stands) return;
    const isLow = pressed !== null && pressed.top + pressed.height / 2 > window.innerHeight / 2;
    const top = PHONE.matches ? freeTop(stack.offsetHeight) : null;
    stack.dataset.place = top !== null ? "free" : isLow ? "top" : "bottom";
    stack.style.setProperty("top", top === null ? "" : `${top}px`);
  }

  const standing = () => [...stack.querySelectorAll(".toast:not(.toast--leaving)")];
  const held = () => stack.matches(":hover") || stack.contains(document.activeElement);

  function start(toast) {
    const clock = clocks.get(toast);
    if (!clock || clock.timer) return;
    clock.since = Date.now();
    clock.timer = setTimeout(() => leave(toast), clock.left);
  }

  function stop(toast) {
    const clock = clocks.get(toast);
    if (!clock?.timer) return;
    clearTimeout(clock.timer);
    clock.timer = 0;
    clock.left = Math.max(0, clock.left - (Date.now() - clock.since));
  }

  const pauseAll = () => {
    for (const toast of clocks.keys()) stop(toast);
  };
  const resumeAll = () => {
    if (held()) return;
    for (const toast of clocks.keys()) start(toast);
  };

  function leave(toast) {
    stop(toast);
    clocks.delete(toast);
    const hadFocus = toast.contains(document.activeElement);
    const after = hadFocus && standing().filter((other) => other !== toast).at(-1);
    toast.classList.add("toast--leaving");
    // The keyboard goes on to the next message, else back to the page, never to nowhere.
    if (hadFocus) (after?.querySelector("[data-close]") || document.getElementById("main"))?.focus({ preventScroll: true });
    setTimeout(() => {
      toast.remove();
      resumeAll();
    }, calm.matches ? 0 : LEAVING_MS);
  }

  function arrive(toast) {
    if (toast.id && seen.has(toast.id)) {
      toast.remove();
      return;
    }
    if (toast.id) remember(toast.id);
    choosePlace(toast);
    if (!toast.hasAttribute("data-stays")) {
      const left = toast.querySelector("[data-undo]") ? STAY_WITH_BUTTON_MS : STAY_MS;
      clocks.set(toast, { left, since: 0, timer: 0 });
      if (!held()) start(toast);
    }
    standing().slice(0, -MOST).forEach(leave);
  }

  // Only what is new is read out, not the whole stack again.
  stack.setAttribute("aria-atomic", "false");

  standing().forEach(arrive);
  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) {
        if (node.nodeType === Node.ELEMENT_NODE && node.matches(".toast")) arrive(node);
      }
    }
  }).observe(stack, { childList: true });

  for (const kind of ["pointerdown", "click"]) document.addEventListener(kind, noteAction, true);
  stack.addEventListener("mouseenter", pauseAll);
  stack.addEventListener("mouseleave", resumeAll);
  stack.addEventListener("focusin", pauseAll);
  // The element that takes the focus is known only after this event.
  stack.addEventListener("focusout", () => setTimeout(resumeAll));
  stack.addEventListener("click", (event) => {
    const toast = event.target.closest("[data-close]")?.closest(".toast");
    if (toast) leave(toast);
  });
  document.addEventListener("keydown", (event) => {
    const newest = event.key === "Escape" && standing().at(-1);
    if (newest) leave(newest);
  });
})();

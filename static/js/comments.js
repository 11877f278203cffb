// Forms of comments: how many characters are left, and the names of people while a mention is typed.
"use strict";

(() => {
  const TYPED = /(?:^|[^\w@./-])@([\w-]{1,30})$/;
  const ANNOUNCED_AT = [50, 10, -1];
  const WAIT = 200; // ms
  const LIST_ID = "mention-list";
  let waiting = 0;
  let latest = 0;

  // --- characters left --------------------------------------------------------------------------

  function said(left) {
    if (left < 0) return `${-left} too many`;
    return left === 1 ? "1 character left" : `${left} characters left`;
  }

  function counterOf(area) {
    const field = area.closest(".field");
    const known = field.querySelector("[data-left]");
    if (known) return known;
    const counter = document.createElement("p");
    counter.className = "field__hint";
    counter.dataset.left = "";
    const [seen, heard] = [document.createElement("span"), document.createElement("span")];
    seen.setAttribute("aria-hidden", "true");
    heard.className = "visually-hidden";
    heard.setAttribute("role", "status");
    counter.append(seen, heard);
    field.append(counter);
    return counter;
  }

  // Announced only at some steps: a number with every letter would be noise.
  function showLeft(area) {
    const left = Number(area.dataset.longest) - [...area.value].length;
    const step = ANNOUNCED_AT.findLast((each) => left <= each);
    const counter = counterOf(area);
    const [seen, heard] = counter.children;
    seen.textContent = step === undefined ? "" : said(left);
    if (counter.dataset.step !== String(step)) heard.textContent = seen.textContent;
    counter.dataset.step = String(step);
  }

  // --- mentions ---------------------------------------------------------------------------------

  const list = () => document.getElementById(LIST_ID);

  function closeList() {
    const shown = list();
    if (!shown) return;
    const area = shown.parentElement.querySelector("textarea");
    for (const name of ["aria-controls", "aria-activedescendant"]) area?.removeAttribute(name);
    shown.remove();
  }

  function typedName(area) {
    return TYPED.exec(area.value.slice(0, area.selectionStart))?.[1];
  }

  function choose(area, name) {
    const end = area.selectionStart;
    const start = end - typedName(area).length;
    area.setRangeText(`${name} `, start, end, "end");
    closeList();
    area.focus();
    showLeft(area);
  }

  function select(area, place) {
    const options = [...list().children];
    const at = (place + options.length) % options.length;
    for (const [index, option] of options.entries()) option.setAttribute("aria-selected", String(index === at));
    area.setAttribute("aria-activedescendant", options[at].id);
  }

  function boxOf(area) {
    if (area.parentElement.classList.contains("mention-box")) return area.parentElement;
    const box = document.createElement("div");
    box.className = "mention-box";
    area.replaceWith(box);
    box.append(area);
    return box;
  }

  function showNames(area, names) {
    closeList();
    if (!names.length) return;
    const hadFocus = document.activeElement === area;
    const cursor = area.selectionStart;
    const box = boxOf(area);
    const made = document.createElement("ul");
    made.id = LIST_ID;
    made.className = "mention-list";
    made.setAttribute("role", "listbox");
    made.setAttribute("aria-label", "People");
    for (const [index, name] of names.entries()) {
      const option = document.createElement("li");
      option.id = `mention-${index}`;
      option.className = "mention-list__one";
      option.setAttribute("role", "option");
      option.textContent = name;
      made.append(option);
    }
    box.append(made);
    if (hadFocus) area.focus();
    area.setSelectionRange(cursor, cursor);
    area.setAttribute("aria-autocomplete", "list");
    area.setAttribute("aria-controls", LIST_ID);
    select(area, 0);
  }

  async function lookUp(area) {
    const name = typedName(area);
    if (!name) return closeList();
    const turn = ++latest;
    const address = `${area.dataset.mentions}?username=${encodeURIComponent(name)}`;
    const response = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => undefined);
    if (!response?.ok || turn !== latest || typedName(area) !== name) return;
    const found = new DOMParser().parseFromString(await response.text(), "text/html");
    showNames(area, [...found.querySelectorAll("option")].map((option) => option.value).slice(0, 6));
  }

  function onInput(event) {
    const area = event.target.closest?.("textarea[data-mentions]");
    if (!area) return;
    showLeft(area);
    clearTimeout(waiting);
    if (typedName(area)) waiting = setTimeout(() => lookUp(area), WAIT);
    else closeList();
  }

  function onKey(event) {
    const area = event.target.closest?.("textarea[data-mentions]");
    if (!area || !list()) return;
    if (!typedName(area)) return closeList(); // the cursor has left the name
    const options = [...list().children];
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") select(area, at + 1);
    else if (event.key === "ArrowUp") select(area, at - 1);
    else if (event.key === "Enter" || event.key === "Tab") choose(area, options[at].textContent);
    else if (event.key === "Escape") closeList();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function onPress(event) {
    const option = event.target.closest?.(".mention-list__one");
    if (!option) return closeList();
    event.preventDefault(); // the cursor stays where it is
    choose(option.closest(".mention-box").querySelector("textarea"), option.textContent);
  }

  document.addEventListener("input", onInput);
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("mousedown", onPress);
  document.addEventListener("focusout", (event) => {
    if (!event.target.matches?.("textarea[data-mentions]")) return;
    // Putting the field into its box takes the focus for a moment.
    setTimeout(() => document.activeElement === event.target || closeList(), WAIT);
  });
})();

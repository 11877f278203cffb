// Chart files: a dropped or chosen folder is sent without its audio, of which only the names matter.
"use strict";

(() => {
  const form = document.getElementById("chart-form");
  if (!form) return;
  const drop = form.querySelector(".scan-drop");
  const state = form.querySelector("[data-chart-state]");
  const folder = document.getElementById("folder");
  const WANTED = /(?:^|\/)(?:song\.ini|notes[^/]*\.(?:mid|midi|chart)|[^/]+\.(?:mid|midi|chart|sng))$/i;
  const MOST_FILES = 9000;

  function say(text) {
    state.textContent = text;
  }

  // Returns the files of a dropped entry with their paths.
  async function filesOf(entry, path) {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      return [{ file, path: path + file.name }];
    }
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) return found;
      for (const each of some) found.push(...(await filesOf(each, `${path}${entry.name}/`)));
      if (found.length > MOST_FILES) throw new Error("too many");
    }
  }

  function dataOf(files) {
    const data = new FormData();
    for (const name of ["csrf_token", "idempotency_key"]) data.append(name, form.elements[name].value);
    for (const { file, path } of files) {
      const content = WANTED.test(path) || /\.zip$/i.test(path) ? file : new Blob([]);
      data.append("files", content, path);
    }
    return data;
  }

  async function send(files) {
    if (!files.length) {
      say("There are no files in it.");
      return;
    }
    if (files.length > MOST_FILES) {
      say("This folder has too many files. Send a smaller one.");
      return;
    }
    say("Reading…");
    const response = await fetch(form.action, { method: "POST", body: dataOf(files), headers: { Accept: "text/html" } });
    if (response.redirected) {
      location.assign(response.url);
    } else {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const error = page.getElementById("files-error") ?? page.querySelector(".notice--error");
      say(error ? error.textContent : "That didn't work. Try again.");
    }
  }

  function failed() {
    say("That didn't work. Try again, or send a zip.");
  }

  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("scan-drop--over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("scan-drop--over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("scan-drop--over");
    // All at once: they are gone when the event is over.
    const dropped = [...event.dataTransfer.items].map((item) => [item.webkitGetAsEntry(), item.getAsFile()]);
    say("Looking for songs…");
    Promise.all(dropped.map(([entry, file]) => (entry ? filesOf(entry, "") : file ? [{ file, path: file.name }] : [])))
      .then((found) => send(found.flat()))
      .catch(failed);
  });
  folder.addEventListener("change", () => {
    send([...folder.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }))).catch(failed);
  });
})();

// What the console does better with a script: copying, times that move on, pages that update.
"use strict";

// Buttons that copy show only where they work.
for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await copyText(button.dataset.copy);
  button.classList.add("done");
  button.title = "Copied";
  say("Copied.");
  setTimeout(() => { button.classList.remove("done"); button.title = "Copy"; }, 1500);
});

async function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

// A line that screen readers speak, for what the eye sees happen.
function say(text) {
  let line = document.getElementById("spoken");
  if (!line) {
    line = document.createElement("p");
    line.id = "spoken";
    line.className = "sr";
    line.setAttribute("role", "status");
    document.body.append(line);
  }
  line.textContent = text;
}

// A phone shows the menu folded; a form is sent once.
const fold = document.querySelector(".menu .fold");
if (fold && matchMedia("(max-width: 760px)").matches) fold.open = false;

document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  for (const button of event.target.querySelectorAll("button")) setTimeout(() => { button.disabled = true; });
});
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
});

// A switch saves as soon as it is moved; without a script a button beside it does.
for (const box of document.querySelectorAll("[data-save]")) {
  box.addEventListener("change", () => box.form.requestSubmit());
  for (const button of box.form.querySelectorAll("button")) button.hidden = true;
}

// One filter list is open at a time, and Escape closes it.
document.addEventListener("toggle", (event) => {
  if (!event.target.matches(".filters details") || !event.target.open) return;
  for (const other of document.querySelectorAll(".filters details[open]")) if (other !== event.target) other.open = false;
}, true);
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && event.target.closest(".filters details[open]");
  if (open) { open.open = false; open.querySelector("summary").focus(); }
});

// While something runs, the parts marked data-live are fetched again; what a person uses stays.
const everyMs = 1000 * Number(document.body.dataset.refresh || 0);
if (everyMs) setTimeout(refresh, everyMs);

async function refresh() {
  if (document.hidden) return void setTimeout(refresh, everyMs);
  try {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of document.querySelectorAll("[data-live]")) replace(old, fresh.getElementById(old.id));
    const next = 1000 * Number(fresh.body.dataset.refresh || 0);
    if (next) setTimeout(refresh, next);
    else say("Up to date.");
  } catch { setTimeout(refresh, 4 * everyMs); }
}

function replace(old, fresh) {
  if (!fresh || old.innerHTML === fresh.innerHTML) return;
  if (old.contains(document.activeElement) || old.querySelector("details[open]:not(.fold)")) return;
  for (const button of fresh.querySelectorAll("[data-copy]")) button.hidden = false;
  old.replaceChildren(...fresh.childNodes);
}

// Parts of an export are joined to one file.
const joiner = document.querySelector("[data-export]");
if (joiner) {
  joiner.hidden = false;
  joiner.addEventListener("click", async () => {
    joiner.disabled = true;
    const parts = [];
    let rows = 0;
    let cursor = "";
    do {
      const address = new URL(joiner.dataset.export, location.href);
      if (cursor) address.searchParams.set("cursor", cursor);
      const answer = await fetch(address, { credentials: "same-origin" });
      if (!answer.ok) { say("The export stopped. Try again."); joiner.disabled = false; return; }
      parts.push(await answer.blob());
      rows += Number(answer.headers.get("X-Synclog-Rows") || 0);
      cursor = answer.headers.get("X-Synclog-Next");
      joiner.textContent = `${rows.toLocaleString("en")} rows …`;
    } while (cursor);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(parts, { type: "text/csv;charset=utf-8" }));
    link.download = joiner.dataset.name;
    link.click();
    joiner.textContent = `${rows.toLocaleString("en")} rows saved`;
    say(joiner.textContent);
  });
}

// A button may copy what stands in another element: its text is taken before it is copied.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy-of]");
  if (button) button.dataset.copy = document.getElementById(button.dataset.copyOf).textContent;
}, true);

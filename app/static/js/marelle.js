// Marelle's behaviours: plain ES module, no build. Every one hangs on a data- attribute; pages work without it
// wherever HTML alone can do the work. No eval, no inline style sheet, nothing fetched from elsewhere.

const own = document.querySelector("script[data-marelle]");
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const FIELDS = "input:not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select, [contenteditable]";
const FOCUSABLE = "a[href], button:not([disabled]), input:not([disabled]):not([type=hidden]), select:not([disabled]), textarea:not([disabled]), summary, [tabindex]:not([tabindex='-1'])";

// Reading and writing a preference; a browser may refuse both.
function remembered(key) { try { return localStorage.getItem(key); } catch { return null; } }
function remember(key, value) { try { localStorage.setItem(key, value); } catch { /* the choice lasts as long as the page */ } }

// --- Saying something: [data-live] is read aloud and stays until the next message or a click -----------------

function say(text) {
  const place = document.querySelector("[data-live]");
  if (!place) return;
  place.replaceChildren();
  if (!text) return;
  const line = document.createElement("p");
  line.textContent = text;
  place.append(line);
}
document.addEventListener("say", (event) => say(event.detail?.value ?? event.detail));
document.addEventListener("click", (event) => { if (event.target.closest("[data-live]")) say(""); });

// --- Menus: [data-menu="id"] opens, [data-menu-close] closes; links without script (#menu and :target) --------

let opened = null; // { menu, opener }

function openMenu(opener) {
  const menu = document.getElementById(opener.dataset.menu);
  if (!menu || opened) return;
  opened = { menu, opener };
  menu.classList.add("is-open");
  opener.setAttribute("aria-expanded", "true");
  document.body.classList.add("has-menu");
  for (const other of document.body.children) if (other !== menu && !other.matches(".veil, script")) other.inert = true;
  (menu.querySelector("[data-menu-close]") ?? menu).focus();
}

function closeMenu({ refocus = true } = {}) {
  if (!opened) return;
  const { menu, opener } = opened;
  opened = null;
  menu.classList.remove("is-open");
  opener.setAttribute("aria-expanded", "false");
  document.body.classList.remove("has-menu");
  for (const other of document.body.children) other.inert = false;
  if (location.hash === `#${menu.id}`) location.hash = "contenu";
  if (refocus) opener.focus();
}

function openByAddress() {
  const opener = location.hash.length > 1 && document.querySelector(`[data-menu="${CSS.escape(location.hash.slice(1))}"]`);
  if (opener && opener.offsetParent) openMenu(opener);
}

function prepareMenus() {
  for (const opener of all("[data-menu]")) {
    opener.setAttribute("role", "button");
    opener.setAttribute("aria-expanded", "false");
    opener.setAttribute("aria-controls", opener.dataset.menu);
  }
  for (const closer of all("a.btn-menu[data-menu-close]")) closer.setAttribute("role", "button");
  openByAddress();
  addEventListener("hashchange", openByAddress);
  // The staff menu stands open from 1150 px on: what is no longer a sheet must not keep the page inert.
  addEventListener("resize", () => { if (opened && !opened.opener.offsetParent) closeMenu({ refocus: false }); });
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-menu]");
  const closer = event.target.closest("[data-menu-close]");
  if (opener) { event.preventDefault(); openMenu(opener); }
  else if (closer && opened) { event.preventDefault(); closeMenu(); }
  else if (opened && event.target.closest("a[href]") && opened.menu.contains(event.target)) closeMenu({ refocus: false });
});

function keepInside(event) {
  const stops = all(FOCUSABLE, opened.menu).filter((one) => one.getClientRects().length);
  if (!stops.length) return;
  const [first, last] = [stops[0], stops[stops.length - 1]];
  const here = document.activeElement;
  if (event.shiftKey && (here === first || here === opened.menu)) { event.preventDefault(); last.focus(); }
  else if (!event.shiftKey && here === last) { event.preventDefault(); first.focus(); }
  else if (!opened.menu.contains(here)) { event.preventDefault(); first.focus(); }
}

// --- Lists under a button: details.pop closes on Escape and on a click elsewhere ------------------------------

document.addEventListener("click", (event) => {
  for (const pop of all("details.pop[open]")) if (!pop.contains(event.target)) pop.open = false;
});

// --- Keyboard: data-key="n", "/", "ctrl+s" on a link, a button or a field -------------------------------------

const keysOn = () => document.documentElement.dataset.keys !== "off";

function prepareKeys() {
  if (remembered("marelle.keys") === "off") document.documentElement.dataset.keys = "off";
  for (const button of all("[data-keys-switch]")) {
    button.hidden = false;
    button.setAttribute("aria-pressed", String(keysOn()));
    showKeysState(button);
    button.addEventListener("click", () => {
      const on = !keysOn();
      if (on) delete document.documentElement.dataset.keys;
      else document.documentElement.dataset.keys = "off";
      remember("marelle.keys", on ? "on" : "off");
      button.setAttribute("aria-pressed", String(on));
      showKeysState(button);
    });
  }
}

function showKeysState(button) {
  const words = button.querySelector("span");
  if (words) words.textContent = keysOn() ? "Couper les raccourcis du clavier" : "Remettre les raccourcis du clavier";
}

const visible = (element) => element.getClientRects().length > 0 && !element.closest("[inert]");

// A single key never acts while a field has the focus; a combination with Ctrl does, for saving while typing.
function onShortcut(event) {
  if (!keysOn() || event.defaultPrevented || event.altKey || event.isComposing) return;
  const combined = event.ctrlKey || event.metaKey;
  if (!combined && document.activeElement?.matches(FIELDS)) return;
  const pressed = (combined ? "ctrl+" : "") + event.key.toLowerCase();
  if (!combined && (moveInRows(pressed) || chooseRow(pressed))) { event.preventDefault(); return; }
  const target = all("[data-key]").find((one) => one.dataset.key.toLowerCase().replaceAll(" ", "+") === pressed && visible(one));
  if (!target || target.getAttribute("aria-disabled") === "true") return;
  event.preventDefault();
  if (target.matches(FIELDS)) { target.focus(); target.select?.(); } else target.click();
}

// table[data-rows]: J and K walk the lines, the link of the line takes the focus, Enter opens it.
function moveInRows(pressed) {
  if (pressed !== "j" && pressed !== "k") return false;
  const table = all("[data-rows]").find(visible);
  if (!table) return false;
  const rows = all("tbody tr", table).filter((row) => row.querySelector("a[href]"));
  if (!rows.length) return false;
  const now = rows.findIndex((row) => row.classList.contains("is-here"));
  const next = now < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, now + (pressed === "j" ? 1 : -1)));
  rows[now]?.classList.remove("is-here");
  rows[next].classList.add("is-here");
  rows[next].querySelector("a[href]").focus();
  return true;
}

// X or the space bar, on a line: chooses it, or no longer. On a button or a box the space bar is theirs.
function chooseRow(pressed) {
  if (pressed !== "x" && pressed !== " ") return false;
  const here = document.activeElement;
  if (pressed === " " && !here?.matches("tbody a")) return false;
  const row = here?.closest("tbody tr") ?? document.querySelector("[data-selectable] tr.is-here");
  const box = row?.querySelector("input[data-select]");
  if (!box) return false;
  box.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const pop = document.querySelector("details.pop[open]");
    if (opened) { event.preventDefault(); closeMenu(); }
    else if (pop) { event.preventDefault(); pop.open = false; pop.querySelector("summary").focus(); }
  } else if (event.key === "Tab" && opened) keepInside(event);
  else if (event.key === " " && event.target.matches?.("a[role=button]")) { event.preventDefault(); event.target.click(); }
  else onShortcut(event);
});

// --- Buttons that can't work yet stay reachable ---------------------------------------------------------------

document.addEventListener("click", (event) => {
  const barred = event.target.closest("[aria-disabled=true]");
  if (barred && !barred.closest(".ts-wrapper")) { event.preventDefault(); event.stopImmediatePropagation(); }
}, true);

// --- Forms: data-once ignores a second sending, data-warn-unsaved warns before leaving ------------------------

const sending = new WeakMap(); // form -> the button that sent it

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-once]")) return;
  if (sending.has(form)) { event.preventDefault(); event.stopImmediatePropagation(); return; }
  const button = event.submitter ?? null;
  sending.set(form, button);
  // After the others had their say: a form that another listener refused is free again.
  setTimeout(() => {
    if (event.defaultPrevented && !form.matches("[hx-post], [hx-get], [hx-put], [hx-patch], [hx-delete], [data-hx-post]")) sending.delete(form);
    else if (sending.has(form)) { button?.setAttribute("aria-disabled", "true"); button?.classList.add("is-busy"); form.setAttribute("aria-busy", "true"); }
  });
}, true);

function freeForms(forms = all("form[data-once]")) {
  for (const form of forms) {
    const button = sending.get(form);
    sending.delete(form);
    form.removeAttribute("aria-busy");
    if (button?.classList.contains("is-busy")) { button.classList.remove("is-busy"); button.removeAttribute("aria-disabled"); }
  }
}
addEventListener("pageshow", () => freeForms());
document.addEventListener("htmx:afterRequest", (event) => { const form = event.target.closest?.("form[data-once]"); if (form) freeForms([form]); });

// What a form would send, name by name; a file counts by its name and size.
function contents(form) {
  const found = new Map();
  for (const [name, value] of new FormData(form)) {
    const text = typeof value === "string" ? value : value.size ? `${value.name} ${value.size}` : "";
    found.set(name, [...(found.get(name) ?? []), text]);
  }
  return new Map([...found].map(([name, values]) => [name, values.sort().join("\n")]));
}
const initial = new WeakMap(); // form -> its contents when the page came
function changesOf(form) {
  const [before, now] = [initial.get(form) ?? contents(form), contents(form)];
  return [...new Set([...before.keys(), ...now.keys()])].filter((name) => (before.get(name) ?? "") !== (now.get(name) ?? "")).length;
}
const leaving = new WeakSet();

function showChanges(form) {
  const total = changesOf(form);
  for (const place of form.elements) if (place.matches("output[data-changes]")) place.textContent = total ? `${total} champ${total > 1 ? "s" : ""} changé${total > 1 ? "s" : ""}` : "";
}
for (const kind of ["input", "change"]) document.addEventListener(kind, (event) => { const form = event.target.form; if (form?.matches("[data-warn-unsaved]")) showChanges(form); });
document.addEventListener("submit", (event) => { if (!event.defaultPrevented) leaving.add(event.target); });
addEventListener("pageshow", () => all("form[data-warn-unsaved]").forEach((form) => leaving.delete(form)));
addEventListener("beforeunload", (event) => {
  if (all("form[data-warn-unsaved]").some((form) => !leaving.has(form) && (form.dataset.warnUnsaved === "always" || changesOf(form)))) { event.preventDefault(); event.returnValue = ""; }
});

// What is left empty in a search is not written in the address.
document.addEventListener("formdata", (event) => {
  if (event.target.method !== "get") return;
  const names = new Set([...event.formData].filter(([, value]) => value === "").map(([name]) => name));
  for (const name of names) {
    const kept = event.formData.getAll(name).filter((value) => value !== "");
    event.formData.delete(name);
    for (const value of kept) event.formData.append(name, value);
  }
});

document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.matches("[data-autosubmit]") && field.form && field.validity.valid) field.form.requestSubmit();
});

// --- Passwords: button[data-show-password="id of the field"] -------------------------------------------------

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-show-password]");
  const field = button && document.getElementById(button.dataset.showPassword);
  if (!field) return;
  const shown = field.type === "password";
  field.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
  button.querySelector("use")?.setAttribute("href", `${own?.dataset.icons}#i-${shown ? "eye-slash" : "eye"}`);
  const words = button.querySelector("span");
  if (words) words.textContent = shown ? "Cacher" : "Voir";
});

// --- Files: input[data-file] shows name, size and picture; data-file="id" says where; data-max-bytes ----------

const NB = "\u00a0";
function weight(bytes) {
  const [amount, unit] = bytes < 1000 ? [bytes, bytes > 1 ? "octets" : "octet"] : bytes < 999500 ? [Math.round(bytes / 1000), "Ko"] : [Math.round(bytes / 1e5) / 10, "Mo"];
  return `${amount.toLocaleString("fr-FR").replace(/\u202f/g, NB)}${NB}${unit}`;
}
const pictures = new WeakMap();

function showFile(field) {
  let place = document.getElementById(field.dataset.file);
  if (!place) {
    const near = field.closest(".btn-file") ?? field;
    place = near.nextElementSibling?.matches(".file-chosen") ? near.nextElementSibling : Object.assign(document.createElement("div"), { className: "file-chosen" });
    if (!place.isConnected) { place.setAttribute("role", "status"); near.after(place); }
  }
  place.classList.add("file-chosen");
  if (pictures.has(place)) URL.revokeObjectURL(pictures.get(place));
  place.replaceChildren();
  place.classList.remove("is-wrong");
  field.setCustomValidity("");
  const files = [...field.files];
  const limit = Number(field.dataset.maxBytes);
  const heavy = limit && files.find((file) => file.size > limit);
  if (heavy) {
    const sentence = `${heavy.name} pèse ${weight(heavy.size)}. La limite est de ${weight(limit)}.`;
    field.setCustomValidity(sentence);
    place.classList.add("is-wrong");
    place.textContent = sentence;
    return;
  }
  for (const file of files) {
    const line = document.createElement("div");
    const name = document.createElement("b");
    name.textContent = file.name;
    line.append(name, `, ${weight(file.size)}`);
    place.append(line);
  }
  if (files.length === 1 && /^image\/(jpeg|png|webp|gif)$/.test(files[0].type)) {
    const picture = document.createElement("img");
    picture.alt = `Aperçu de ${files[0].name}`;
    picture.src = URL.createObjectURL(files[0]);
    pictures.set(place, picture.src);
    place.append(picture);
  }
}
// Before data-autosubmit looks whether the field is valid: capture comes first.
document.addEventListener("change", (event) => { if (event.target.matches("input[data-file]")) showFile(event.target); }, true);

// --- Tables: table[data-selectable], input[data-select-all], input[data-select] -------------------------------

function showSelection(table) {
  const boxes = all("input[data-select]", table);
  const chosen = boxes.filter((box) => box.checked);
  for (const box of boxes) box.closest("tr")?.classList.toggle("is-on", box.checked);
  for (const head of all("input[data-select-all]", table)) {
    head.checked = boxes.length > 0 && chosen.length === boxes.length;
    head.indeterminate = chosen.length > 0 && !head.checked;
  }
  const bar = document.getElementById(table.dataset.selectable) ?? document.querySelector("[data-selection]");
  if (!bar) return;
  const whole = bar.querySelector("[data-select-whole]");
  const count = whole?.checked ? Number(whole.dataset.selectWhole) : chosen.length;
  bar.classList.add("is-ready");
  bar.hidden = count === 0;
  for (const place of all("[data-selection-count]", bar)) {
    const words = count > 1 ? place.dataset.many ?? "lignes choisies" : place.dataset.one ?? "ligne choisie";
    place.textContent = `${count.toLocaleString("fr-FR").replace(/\u202f/g, NB)} ${words}`;
  }
}
// input[data-select-whole="412"], in the bar: every line of the list, those of the other pages too.
document.addEventListener("change", (event) => {
  const box = event.target;
  if (!box.matches("[data-select-all], [data-select], [data-select-whole]")) return;
  const table = box.closest("[data-selectable]") ?? all("[data-selectable]").find((one) => document.getElementById(one.dataset.selectable)?.contains(box));
  if (!table) return;
  const whole = document.getElementById(table.dataset.selectable)?.querySelector("[data-select-whole]");
  if (!box.matches("[data-select]")) for (const one of all("input[data-select]", table)) one.checked = box.checked;
  if (whole && !box.checked) whole.checked = false;
  showSelection(table);
});

// --- Autocomplete: select[data-choices="/address"] asks ?q= for [{"id", "text"}]; data-choices="" searches its own options

let library = null;
function tomSelect() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = own.dataset.choicesScript;
    script.onload = () => resolve(window.TomSelect);
    script.onerror = reject;
    document.head.append(script);
  });
  return library;
}

async function prepareChoices(root) {
  const selects = all("select[data-choices]:not(.tomselected)", root);
  if (!selects.length) return;
  const TomSelect = await tomSelect();
  for (const select of selects) {
    if (select.tomselect || !select.isConnected) continue;
    const address = select.dataset.choices;
    const least = Number(select.dataset.least ?? 2);
    let matching = new Set(); // ids of the last answer: what was chosen before stays known but is not proposed
    const line = (words) => (data, escape) => `<div class="${words.css}">${escape(words.text)}</div>`;
    const options = {
      plugins: select.multiple ? { remove_button: { title: "Retirer" } } : {},
      maxOptions: 100,
      placeholder: select.dataset.placeholder ?? (address ? `Tapez ${least > 1 ? `${least} lettres` : "une lettre"} au moins` : ""),
      hidePlaceholder: true,
      closeAfterSelect: !select.multiple,
      selectOnTab: true,
      render: {
        no_results: line({ css: "no-results", text: "Rien ne correspond." }),
        not_loading: () => null,
        loading: line({ css: "spinner-text", text: "Recherche en cours…" }),
      },
      onItemAdd() { this.setTextboxValue(""); this.refreshOptions(false); },
    };
    if (address) Object.assign(options, {
      valueField: "id",
      labelField: "text",
      searchField: [],
      score: () => (option) => (matching.has(String(option.id)) ? 1 : 0),
      shouldLoad: (query) => query.trim().length >= least,
      load(query, done) {
        this.clearOptions((option) => this.items.includes(String(option.id)));
        const url = new URL(address, location.href);
        url.searchParams.set("q", query.trim());
        fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" })
          .then((answer) => { if (!answer.ok) throw new Error(String(answer.status)); return answer.json(); })
          .then((found) => { matching = new Set(found.map((one) => String(one.id))); done(found); })
          .catch(() => { done(); say("La recherche n’a pas répondu. Réessayez dans un instant."); });
      },
    });
    const invalid = select.getAttribute("aria-invalid");
    const described = select.getAttribute("aria-describedby");
    const control = new TomSelect(select, options);
    const box = control.control_input;
    select.setAttribute("aria-hidden", "true");
    box.setAttribute("autocomplete", "off");
    if (described) box.setAttribute("aria-describedby", described);
    if (invalid) box.setAttribute("aria-invalid", invalid);
  }
}

// A link to the field (an error summary) leads to what replaced it.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  const field = link && link.hash.length > 1 && document.getElementById(link.hash.slice(1));
  if (field?.tomselect) { event.preventDefault(); field.tomselect.focus(); }
});

// --- htmx: the token on what writes, the focus kept, an error said --------------------------------------------

document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector("meta[name=csrf-token]")?.content;
  if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token;
});
let focused = "";
document.addEventListener("htmx:beforeSwap", () => { focused = document.activeElement?.id ?? ""; });
document.addEventListener("htmx:afterSettle", (event) => {
  const wanted = event.target.querySelector?.("[data-focus]");
  const lost = !document.activeElement || document.activeElement === document.body;
  if (wanted) wanted.focus();
  else if (lost && focused) document.getElementById(focused)?.focus();
  focused = "";
});
document.addEventListener("htmx:load", (event) => {
  prepare(event.target);
  const form = event.target.closest?.("form[data-warn-unsaved]"); // a line came in it
  if (form && form !== event.target) showChanges(form);
});
const REFUSALS = { 403: "Cette action ne vous est pas ouverte.", 404: "Cela n’existe plus. Rechargez la page.", 409: "Quelqu’un a changé cela entre-temps. Rechargez la page.", 413: "Ce fichier est trop lourd.", 429: "Trop d’essais. Attendez quelques minutes." };
document.addEventListener("htmx:responseError", (event) => say(REFUSALS[event.detail.xhr.status] ?? "Rien n’a été enregistré. Rechargez la page, puis recommencez."));
for (const kind of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(kind, () => say("Pas de connexion : rien n’a été enregistré. Réessayez."));

// --- Start ----------------------------------------------------------------------------------------------------

function prepare(root) {
  for (const button of all("[data-show-password][hidden]", root)) button.hidden = false;
  for (const table of all("[data-selectable]", root)) showSelection(table);
  for (const form of all("form[data-warn-unsaved]", root)) initial.set(form, contents(form));
  prepareChoices(root).catch(() => say("La liste de recherche ne s’est pas chargée. Rechargez la page."));
}

prepareMenus();
prepareKeys();
prepare(document);
if (location.hash.length < 2) document.querySelector(".sum-err, [data-focus]")?.focus();

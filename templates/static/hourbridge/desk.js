// The review desk without reloading: a decision, an opened row and the filters ask for the page's inner part (header
// X-Desk) and take it over piece by piece. Everything is plain links and forms; where asking fails, they go their way.
(() => {
  const desk = document.querySelector("[data-desk]");
  if (!desk || !document.getElementById("desk-parts")) return;
  const news = desk.querySelector("[data-news]");
  const FILTER_WAIT = 250;
  const FORECASTS = {
    link: "If you link it", ignore: "If you ignore it", unlink: "If you unlink it", confirm: "If you confirm it",
    stop_ignoring: "If you stop ignoring it",
  };
  let asked = 0, foresight = null, timer = 0;

  const parts = () => document.getElementById("desk-parts");
  const part = (name) => parts().querySelector(`[data-part="${name}"]`);
  const say = (words) => { news.textContent = ""; setTimeout(() => { news.textContent = words; }, 30); };

  function ready() {
    for (const one of desk.querySelectorAll("[data-without-script]")) one.hidden = true;
    for (const one of desk.querySelectorAll("[data-help], [data-keys]")) one.hidden = false;
    countTicked();
    countSafe();
    const checked = desk.querySelector("[data-panel] input[name=partner]:checked");
    needChoice();
    if (checked && checked.value !== "other" && !desk.querySelector("[data-figures] [data-said]")) foresee(checked);
  }

  // --- taking over ---------------------------------------------------------------------------------------------
  async function load(address, options = {}) {
    const mine = ++asked;
    const answer = await fetch(address, { ...options, headers: { "X-Desk": "1" }, credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("desk-parts");
    if (!fresh || (!answer.ok && answer.status !== 422)) throw new Error(`answer ${answer.status}`);
    if (mine !== asked && !options.method) return null;
    const ticked = [...desk.querySelectorAll("[data-do=tick]:checked")].map((box) => box.value);
    for (const old of parts().querySelectorAll("[data-part]")) {
      const other = fresh.querySelector(`[data-part="${old.dataset.part}"]`);
      if (other) old.replaceWith(document.importNode(other, true));
    }
    for (const key of ticked) {
      const box = document.getElementById(key)?.querySelector("[data-do=tick]");
      if (box) box.checked = true;
    }
    ready();
    desk.dispatchEvent(new CustomEvent("desk:fresh"));
    return fresh;
  }

  function focusOn(id, { control = "" } = {}) {
    const row = id !== "desk" && document.getElementById(id);
    if (!row) return document.getElementById("desk-list")?.focus();
    const found = control && row.querySelector(`[data-do="${control}"]`);
    (found || row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  async function decide(form, submitter) {
    if (submitter?.getAttribute("aria-busy")) return;
    const values = new FormData(form);
    if (submitter?.name) values.append(submitter.name, submitter.value);
    submitter?.setAttribute("aria-busy", "true");
    const control = submitter?.dataset.do ?? "";
    const below = rowsBelow(form);
    try {
      const fresh = await load(form.action, { method: "POST", body: values });
      desk.querySelector("[data-not-reached]")?.remove();
      // What an earlier page said is no news any more.
      document.querySelectorAll(".hb-messages").forEach((old) => old.remove());
      if (told(below)) return countInMenu(fresh.dataset.waiting);
      say(fresh.dataset.said);
      countInMenu(fresh.dataset.waiting);
      const plain = new URL(location.href);
      plain.searchParams.delete("open");
      history.replaceState(null, "", plain.pathname + plain.search);
      if (control === "undo") return document.getElementById("desk-list")?.focus();
      focusOn(fresh.dataset.next, { control });
    } catch {
      // Without a network, leaving the page would lose what was chosen.
      if (navigator.onLine) form.submit(); else notReached(submitter);
    } finally {
      submitter?.removeAttribute("aria-busy");
    }
  }

  function notReached(control) {
    desk.querySelector("[data-not-reached]")?.remove();
    const note = document.createElement("p");
    note.className = "hb-note hb-held";
    note.dataset.notReached = "";
    note.setAttribute("role", "alert");
    note.textContent = "Your computer is offline, so Hourbridge did not answer. Press again once it is online; nothing is done twice.";
    (control?.closest("form") ?? desk).after(note);
    control?.focus();
  }

  // Why nothing was done has the focus; whatever is typed next does nothing.
  function told(below) {
    const refused = desk.querySelector("[data-refused]");
    if (!refused) return false;
    keepInPlace(below);
    refused.focus();
    return true;
  }

  function rowsBelow(control) {
    const row = control.closest("[data-row]") ?? control.closest(".hb-open")?.previousElementSibling;
    const all = [...desk.querySelectorAll("[data-row]")];
    return row ? all.slice(all.indexOf(row) + 1).map((one) => one.id) : [];
  }

  // Somebody else decided about this record meanwhile: the row that left the list stays where the person looks.
  function keepInPlace(below) {
    const kept = desk.querySelector("[data-kept]");
    const next = below.map((id) => document.getElementById(id)).find(Boolean);
    if (!kept || !next) return;
    const panel = kept.nextElementSibling?.matches(".hb-open") ? [kept.nextElementSibling] : [];
    const group = kept.closest("tbody");
    if (next.closest("tbody").querySelector("[data-row]") === next && next.closest("tbody") !== group) {
      const alone = document.createElement("tbody");
      alone.append(kept, ...panel);
      next.closest("tbody").before(alone);
    } else {
      next.before(kept, ...panel);
    }
    if (!group.querySelector("[data-row]")) group.remove();
  }

  // The number beside the menu's line is of another part of the page.
  function countInMenu(waiting) {
    const badge = document.querySelector(".hb-menu-line.hb-here .hb-count");
    if (!badge || waiting === undefined) return;
    badge.hidden = waiting === "0";
    badge.firstChild.textContent = waiting;
  }

  async function open(link) {
    const target = new URL(link.href);
    const closes = link.textContent.trim().startsWith("Close");
    const row = link.closest("[data-row]");
    const below = rowsBelow(link);
    const asked = new URLSearchParams(target.search);
    if (row && !closes) asked.set("seen", row.dataset.version);
    try {
      await load(`${target.pathname}?${asked}`);
      history.replaceState(null, "", target.pathname + target.search);
      if (told(below)) return;
      const id = decodeURIComponent(target.hash.slice(1));
      if (closes) return focusOn(id, { control: "choose" });
      if (id.startsWith("note-")) return document.getElementById(id)?.focus();
      const choices = "[data-panel] input[name=partner]";
      (desk.querySelector(`${choices}:checked`) ?? desk.querySelector(choices) ?? document.getElementById(id))?.focus();
    } catch {
      location.assign(link.href);
    }
  }

  // --- what a choice would do ----------------------------------------------------------------------------------
  // "Link" stands filled once something is chosen, except where the forecast says that somebody else would pay.
  function needChoice() {
    const panel = desk.querySelector("[data-panel]");
    const button = panel?.querySelector("[data-do=link]");
    if (!button) return;
    const picked = panel.querySelector("input[name=partner]:checked");
    const typed = panel.querySelector("[data-search]").value.trim();
    const chosen = Boolean(typed || (picked && picked.value !== "other"));
    button.disabled = !chosen;
    button.classList.toggle("hb-filled", chosen && !panel.querySelector("[data-figures] [data-bills-others]"));
  }

  async function foresee(control) {
    const panel = control.closest("[data-panel]");
    const figures = panel?.querySelector("[data-figures]");
    const verb = control.dataset.foresee ?? "link";
    if (!figures || (verb !== "link" && panel.dataset.preview === verb)) return;
    panel.dataset.preview = verb;
    panel.querySelector("[data-forecast]").textContent = FORECASTS[verb];
    foresight?.abort();
    foresight = new AbortController();
    const query = new URLSearchParams({ kind: panel.dataset.kind, id: panel.dataset.id, verb });
    if (verb === "link") query.set("partner", control.value);
    try {
      const answer = await fetch(`${panel.dataset.whatIfUrl}?${query}`, { signal: foresight.signal });
      const text = await answer.text();
      if (answer.ok) figures.innerHTML = text; else figures.textContent = text;
      // Where somebody else would pay, no button leads on.
      const others = figures.querySelector("[data-bills-others]");
      panel.querySelector("[data-do=link]")?.classList.toggle("hb-filled", !others);
      say(figures.querySelector("[data-said]")?.dataset.said ?? text);
    } catch (problem) {
      if (problem.name !== "AbortError") figures.textContent = "It could not be counted just now.";
    }
  }

  // The forecast of an earlier choice is not that of what is typed now.
  function typedAnother(input) {
    const panel = input.closest("[data-panel]");
    input.closest(".hb-option").querySelector("input[type=radio]").checked = true;
    foresight?.abort();
    panel.dataset.preview = "link";
    panel.querySelector("[data-forecast]").textContent = FORECASTS.link;
    panel.querySelector("[data-figures]").textContent = "Choose one to see what can then be sent.";
    needChoice();
  }

  // --- the two filters -----------------------------------------------------------------------------------------
  async function filter() {
    const target = new URL(location.pathname, location.href);
    for (const [name, value] of new FormData(document.getElementById("desk-filter"))) {
      if (value.trim()) target.searchParams.set(name, value);
    }
    try {
      await load(target.pathname + target.search);
      history.replaceState(null, "", target.pathname + target.search);
      say(part("found")?.textContent.replace(/Clear$/, "").trim() ?? "");
    } catch {
      document.getElementById("desk-filter").submit();
    }
  }

  // --- many at once --------------------------------------------------------------------------------------------
  function countTicked() {
    const all = desk.querySelector("[data-all]:checked")?.dataset.all;
    const boxes = [...desk.querySelectorAll("[data-do=tick]")];
    const ticked = boxes.filter((box) => box.checked);
    const clear = ticked.filter((box) => "clear" in box.dataset).length;
    const whole = desk.querySelector("[data-tick-all]");
    if (whole) {
      whole.hidden = !boxes.length;
      whole.checked = boxes.length > 0 && ticked.length === boxes.length;
      whole.indeterminate = ticked.length > 0 && !whole.checked;
    }
    showSelected("clear", all || clear, all ? "Accept what is clear…" : `Accept ${clear} selected…`);
    const lacking = ticked.filter((box) => "lacking" in box.dataset).length;
    showSelected("create", all || lacking, all ? "Create what QuickBooks lacks…" : `Create ${lacking} in QuickBooks…`);
    showSelected("ignore", all || ticked.length, `Ignore ${all ? `all ${all}` : ticked.length}…`);
  }

  function showSelected(name, count, words) {
    const button = desk.querySelector(`[data-selected=${name}]`);
    if (!button) return;
    button.hidden = !Number(count);
    button.querySelector("[data-words]").textContent = words;
  }

  async function countSafe() {
    const place = desk.querySelector("[data-safe-url]");
    if (!place) return;
    const address = place.dataset.safeUrl;
    place.removeAttribute("data-safe-url");
    try {
      const answer = await fetch(address);
      if (!answer.ok || !place.isConnected) return;
      place.innerHTML = await answer.text();
      const keys = place.querySelector("[data-safe-keys]")?.dataset.safeKeys.trim().split(" ") ?? [];
      const mark = desk.querySelector("[data-safe-mark]");
      for (const key of keys) {
        const row = desk.querySelector(`[data-safe-for="${CSS.escape(key)}"]`);
        if (row && mark) row.replaceChildren(mark.content.cloneNode(true));
      }
    } catch {
      // The button works without its number.
    }
  }

  // --- what people do ------------------------------------------------------------------------------------------
  desk.addEventListener("submit", (event) => {
    if (event.target.id === "desk-filter") {
      event.preventDefault();
      filter();
    } else if (event.target.matches("[data-decide]") && event.submitter?.name !== "preview") {
      event.preventDefault();
      decide(event.target, event.submitter);
    }
  });
  desk.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-open]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    open(link);
  });
  desk.addEventListener("change", (event) => {
    if (event.target.matches("[data-tick-all]")) {
      for (const box of desk.querySelectorAll("[data-do=tick]")) box.checked = event.target.checked;
    }
    if (event.target.matches("[data-do=tick], [data-tick-all], [data-all]")) countTicked();
    if (!event.target.matches("[data-panel] input[name=partner]")) return;
    const typed = event.target.closest("form").querySelector("[data-search]");
    // Typed and picked at once could mean either.
    if (typed && event.target.value !== "other") typed.value = "";
    needChoice();
    if (event.target.value === "other") return typed.focus();
    foresee(event.target);
  });
  desk.addEventListener("desk:picked", (event) => {
    typedAnother(event.target);
    foresee(event.target);
  });
  // What a verb without a choice would do is told as soon as somebody turns to it.
  desk.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-foresee]")) foresee(event.target);
  });
  desk.addEventListener("input", (event) => {
    if (event.target.matches("[data-filter]")) {
      clearTimeout(timer);
      timer = setTimeout(filter, FILTER_WAIT);
    } else if (event.target.matches("[data-search]")) {
      typedAnother(event.target);
    }
  });
  // A menu closes when another opens, and with Escape.
  desk.addEventListener("toggle", (event) => {
    if (!event.target.open || !event.target.matches("[data-menu]")) return;
    for (const other of desk.querySelectorAll("[data-menu][open]")) if (other !== event.target) other.open = false;
  }, true);
  document.addEventListener("click", (event) => {
    for (const menu of desk.querySelectorAll("[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  ready();
})();

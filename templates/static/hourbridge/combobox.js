// The field of an open row that finds a record in QuickBooks: a combobox with a list of what fits. Arrows move, Enter
// and Tab take the marked one, Escape closes the list. Without it the field is a plain one that understands ids and names.
(() => {
  const desk = document.querySelector("[data-desk]");
  if (!desk) return;
  const WAIT = 200;
  let timer = 0;

  const place = (input) => input.closest("[data-panel]").querySelector("[data-options]");
  const options = (input) => [...place(input).querySelectorAll("[role=option]")];
  const marked = (input) => document.getElementById(input.getAttribute("aria-activedescendant") ?? "");

  function prepare() {
    for (const input of desk.querySelectorAll("[data-search]")) {
      const facts = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "found-options" };
      for (const [name, value] of Object.entries(facts)) input.setAttribute(name, value);
    }
  }

  function close(input) {
    clearTimeout(timer);
    place(input).replaceChildren();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  async function search(input) {
    const panel = input.closest("[data-panel]");
    const text = input.value.trim();
    if (!text) return close(input);
    const query = new URLSearchParams({ kind: panel.dataset.kind, q: text });
    try {
      const answer = await fetch(`${panel.dataset.optionsUrl}?${query}`);
      const found = await answer.text();
      // Typed on, left or taken over meanwhile: this answer is to another question.
      if (!answer.ok || text !== input.value.trim() || document.activeElement !== input) return;
      place(input).innerHTML = found;
      input.setAttribute("aria-expanded", String(options(input).length > 0));
      input.removeAttribute("aria-activedescendant");
    } catch {
      // What is typed is understood without the list too.
    }
  }

  function mark(input, option) {
    for (const one of options(input)) one.setAttribute("aria-selected", String(one === option));
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function move(input, by) {
    const all = options(input);
    if (!all.length) return search(input);
    const at = all.indexOf(marked(input));
    mark(input, all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length]);
  }

  function take(input, option) {
    input.value = option.dataset.value;
    close(input);
    input.dispatchEvent(new CustomEvent("desk:picked", { bubbles: true }));
  }

  desk.addEventListener("input", (event) => {
    if (!event.target.matches("[data-search]")) return;
    clearTimeout(timer);
    timer = setTimeout(search, WAIT, event.target);
  });
  desk.addEventListener("keydown", (event) => {
    const input = event.target;
    if (!input.matches("[data-search]") || event.isComposing) return;
    const option = marked(input);
    const open = input.getAttribute("aria-expanded") === "true";
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      move(input, event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && option) {
      take(input, option);
    } else if (event.key === "Escape" && open) {
      close(input);
    } else {
      if (event.key === "Tab" && option) take(input, option);
      return;
    }
    event.preventDefault();
  });
  // The field keeps the focus while the list is pressed.
  desk.addEventListener("mousedown", (event) => {
    if (event.target.closest("[data-options]")) event.preventDefault();
  });
  desk.addEventListener("click", (event) => {
    const option = event.target.closest("[data-options] [role=option]");
    if (option) take(option.closest("[data-panel]").querySelector("[data-search]"), option);
  });
  desk.addEventListener("focusout", (event) => {
    if (event.target.matches("[data-search]")) close(event.target);
  });
  desk.addEventListener("desk:fresh", prepare);
  prepare();
})();

// The desk's keys. They work while the list or nothing has the focus, never while somebody types, and can be switched
// off in the help.
(() => {
  const desk = document.querySelector("[data-desk]");
  const help = document.getElementById("desk-help");
  if (!desk || !help) return;
  const SWITCH = "hourbridge-desk-keys";
  const box = help.querySelector("[data-keys-switch]");
  const stored = () => { try { return localStorage.getItem(SWITCH); } catch { return null; } };
  box.checked = stored() !== "off";
  const show = () => desk.querySelectorAll("[data-keys]").forEach((one) => { one.hidden = !box.checked; });
  box.addEventListener("change", () => {
    try { localStorage.setItem(SWITCH, box.checked ? "on" : "off"); } catch { /* for this page only, then */ }
    show();
  });
  desk.addEventListener("desk:fresh", show);
  show();

  const rows = () => [...desk.querySelectorAll("[data-row]")];
  const current = () => {
    const focused = document.activeElement?.closest?.("[data-row]");
    if (focused) return focused;
    const opened = document.activeElement?.closest?.(".hb-open")?.previousElementSibling;
    return opened ?? desk.querySelector(".hb-row.hb-current") ?? null;
  };
  const press = (row, name) => {
    const found = row?.querySelector(`[data-do="${name}"]`);
    found?.click();
    return Boolean(found);
  };

  function move(by) {
    const all = rows();
    const at = all.indexOf(current());
    const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
    next?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: "nearest" });
  }

  const ACTIONS = {
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    a: () => press(current(), "accept") || press(current(), "choose"),
    c: () => press(current(), "choose"),
    Enter: () => press(current(), "choose"),
    i: () => press(current(), "ignore"),
    u: () => press(desk, "undo"),
    x: () => press(current(), "tick"),
    A: () => press(desk, "safe"),
    "/": () => desk.querySelector("#filter-left")?.focus(),
    "?": () => help.showModal(),
  };

  const typing = (target) => target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]");

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const target = event.target;
    if (event.key === "Escape" && desk.contains(target)) {
      const menu = target.closest("[data-menu][open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); return; }
      const row = current();
      if (row?.classList.contains("hb-current")) press(row, "choose");
      return;
    }
    if (typing(target) || !box.checked || !(target === document.body || desk.contains(target))) return;
    // On a control Enter and the arrows are the control's own.
    const own = target.closest("a, button, summary, input");
    if (own && ["Enter", "ArrowDown", "ArrowUp"].includes(event.key)) return;
    const act = ACTIONS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  desk.addEventListener("click", (event) => {
    if (event.target.closest("[data-help]")) help.showModal();
  });
})();

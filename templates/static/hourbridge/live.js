// Keeps [data-live] up to date while a run is open: reads the page anew every so many seconds and changes only what
// differs, so that focus, open details and a press that is just being made survive. Ends when the new page has no
// data-live any more. Without it the page has a link "Refresh".
(() => {
  const root = document.querySelector("[data-live]");
  if (!root) return;
  const SAY_EVERY = 15000;
  const news = document.createElement("p");
  news.className = "hb-hidden";
  news.setAttribute("role", "status");
  root.before(news);
  let leaving = false, saidAt = Date.now(), saidStage = stageOf(root);
  const atTheEnd = root.dataset.liveEnd ?? "";
  for (const event of ["submit", "pagehide"]) addEventListener(event, () => { leaving = true; });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  function stageOf(element) {
    return element.querySelector("[data-live-stage]")?.dataset.liveStage ?? "";
  }

  // Said when the stage changes, when the run ends, and else four times a minute: not every two seconds.
  function tell(fresh, ended) {
    const stage = stageOf(fresh);
    if (!ended && stage === saidStage && Date.now() - saidAt < SAY_EVERY) return;
    saidStage = stage;
    saidAt = Date.now();
    news.textContent = [...fresh.querySelectorAll("[data-live-say]")].map(words).join(", ") || atTheEnd;
  }

  // Icons are letters to a script.
  function words(element) {
    const copy = element.cloneNode(true);
    for (const icon of copy.querySelectorAll("[aria-hidden]")) icon.remove();
    return copy.textContent.replace(/\s+/g, " ").trim();
  }

  function isSame(one, other) {
    return one.nodeType === other.nodeType && one.nodeName === other.nodeName
      && one.id === other.id && one.classList?.[0] === other.classList?.[0];
  }

  function follow(old, fresh) {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    // What a person opened stays open; what they typed is no attribute.
    for (const { name } of [...old.attributes]) {
      if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    followChildren(old, fresh);
  }

  function followChildren(old, fresh) {
    let here = old.firstChild;
    for (const wanted of [...fresh.childNodes]) {
      let found = here;
      while (found && !isSame(found, wanted)) found = found.nextSibling;
      if (!found) {
        old.insertBefore(document.importNode(wanted, true), here);
        continue;
      }
      while (here !== found) here = remove(here);
      follow(here, wanted);
      here = here.nextSibling;
    }
    while (here) here = remove(here);
  }

  function remove(node) {
    const next = node.nextSibling;
    node.remove();
    return next;
  }

  async function look() {
    if (leaving) return;
    let ended = false;
    try {
      if (!document.hidden) {
        const answer = await fetch(location.href, { cache: "no-store" });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = answer.ok && page.getElementById(root.id);
        if (leaving) return;
        if (fresh) {
          ended = !fresh.hasAttribute("data-live");
          follow(root, fresh);
          tell(root, ended);
        }
      }
    } catch {
      // Not reached just now; the next look may.
    }
    if (!ended) setTimeout(look, seconds);
  }

  const seconds = Number(root.dataset.live) * 1000;
  setTimeout(look, seconds);
})();

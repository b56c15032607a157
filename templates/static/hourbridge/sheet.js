// Checks a name while it is typed: asks for the page anew and takes over everything but the fields themselves.
// Without it the button "Check what I wrote" does the same.
(() => {
  const form = document.querySelector("form[data-recheck]");
  if (!form) return;
  for (const button of document.querySelectorAll("#desk-write [data-without-script]")) button.hidden = true;
  const WAIT = 350;
  let timer = 0, asked = 0;

  function press() {
    return document.querySelector("[data-part=foot] button");
  }

  // The many rows of a sheet would make the address too long, so they are asked about by POST.
  function ask(values) {
    if (form.dataset.recheck === "post") {
      values.set("recheck", "1");
      return fetch(location.pathname, { method: "POST", body: values, headers: { Accept: "text/html" } });
    }
    values.delete("csrfmiddlewaretoken");
    return fetch(`${location.pathname}?${values}`, { headers: { Accept: "text/html" } });
  }

  async function recheck() {
    const mine = ++asked;
    const values = new URLSearchParams(new FormData(form));
    // What was shown is for the press alone.
    for (const name of ["confirmed", "shown", "version"]) values.delete(name);
    try {
      const answer = await ask(values);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine !== asked) return;
      const focused = document.activeElement?.id;
      for (const part of document.querySelectorAll("#desk-write [data-part]")) {
        const fresh = page.querySelector(`[data-part="${part.dataset.part}"]`);
        if (fresh) part.replaceChildren(...document.importNode(fresh, true).childNodes);
        for (const one of part.querySelectorAll("[data-without-script]")) one.hidden = true;
      }
      if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus();
    } catch {
      // Not reached: the press is refused anyway unless what was shown is what would be written.
      if (press()) press().disabled = false;
    }
  }

  form.addEventListener("input", () => {
    // What is pressed has to be what was checked.
    if (press()) press().disabled = true;
    clearTimeout(timer);
    timer = setTimeout(recheck, WAIT);
  });
  form.addEventListener("submit", () => clearTimeout(timer));
})();

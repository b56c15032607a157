// The key / puts the cursor into the search of the page, wherever nothing else uses that key and nobody types.
(() => {
  const typing = (target) => target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true], dialog");
  window.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const field = document.getElementById("search-text") ?? document.querySelector("[data-anywhere]");
    if (!field) return;
    event.preventDefault();
    // On a narrow screen the menu with the field is folded away; the search has a page of its own.
    if (field.offsetParent === null || field.getBoundingClientRect().left < 0) window.location.assign(field.form.action);
    else { field.focus(); field.select(); }
  });
})();

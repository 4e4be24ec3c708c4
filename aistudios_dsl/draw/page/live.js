"use strict";
// Shows each new version of the page in its place: what is scrolled to, switched on, folded out and focused stays.
(() => {
  const status = document.getElementById("live");
  const kept = {};
  let busy = false, again = false, slow = 0;

  const anchor = () => {
    const cards = [...document.querySelectorAll("main > section[id]")];
    const card = cards.find(each => each.getBoundingClientRect().bottom > 60);
    return card && {id: card.id, top: card.getBoundingClientRect().top, y: scrollY};
  };

  const remember = () => {
    kept.place = anchor() || kept.place;
    kept.focus = document.activeElement && document.activeElement.id;
    for (const box of document.querySelectorAll("input[id]")) kept[box.id] = box.checked;
    for (const fold of document.querySelectorAll("details[id]")) kept[fold.id] = fold.open;
  };

  const restore = () => {
    for (const box of document.querySelectorAll("input[id]")) if (box.id in kept) box.checked = kept[box.id];
    for (const fold of document.querySelectorAll("details[id]")) if (fold.id in kept) fold.open = kept[fold.id];
    // The target of the address is an element, and that was replaced.
    if (document.getElementById(location.hash.slice(1))) location.replace(location.hash);
    const focus = kept.focus && document.getElementById(kept.focus);
    if (focus) focus.focus({preventScroll: true});
    if (!kept.place) return;
    const card = document.getElementById(kept.place.id);
    if (card) scrollBy(0, card.getBoundingClientRect().top - kept.place.top);
    else scrollTo(0, kept.place.y);
  };

  const show = html => {
    const next = new DOMParser().parseFromString(html, "text/html");
    next.querySelectorAll("#live, script").forEach(each => each.remove());
    remember();
    for (const old of [...document.body.children]) if (old !== status && old.localName !== "script") old.remove();
    status.before(...next.body.childNodes);
    document.body.className = next.body.className;
    document.title = next.title;
    restore();
  };

  const refresh = async () => {
    again = true;
    if (busy) return;
    busy = true;
    try {
      while (again) {
        again = false;
        const answer = await fetch("/", {cache: "no-store"});
        if (answer.ok) show(await answer.text());
        clearTimeout(slow);
        status.textContent = "";
      }
    } catch {
      status.textContent = "The preview has ended";
    } finally {
      busy = false;
    }
  };

  const changes = new EventSource("/changes");
  changes.addEventListener("drawn", refresh);
  changes.addEventListener("drawing", () => {
    clearTimeout(slow);
    slow = setTimeout(() => { status.textContent = "Drawing …"; }, 400);
  });
  changes.onerror = () => { status.textContent = "The preview has ended: start it again"; };
})();

// Views change without loading the whole page. Without this script every link and form
// does the same by itself.
"use strict";
(() => {
  const status = document.getElementById("status");
  let asked = 0;

  async function show(url, { push, focus } = {}) {
    const ask = ++asked;
    const main = document.getElementById("main");
    main.setAttribute("aria-busy", "true");
    let page;
    try {
      const response = await fetch(url, { headers: { Accept: "text/html" } });
      if (!(response.headers.get("Content-Type") || "").startsWith("text/html")) {
        throw new Error("not a page");
      }
      page = new DOMParser().parseFromString(await response.text(), "text/html");
    } catch {
      location.assign(url);
      return;
    }
    if (ask !== asked) {
      return; // another view was asked for meanwhile
    }
    const input = document.activeElement;
    const keep = focus || (main.contains(input) ? input.id : "");
    const caret = input && input.id === "search-input" ? [input.value, input.selectionStart] : null;
    main.replaceWith(page.getElementById("main"));
    document.title = page.title;
    if (push) {
      history.pushState(null, "", url);
    }
    const target = keep && document.getElementById(keep);
    if (target) {
      target.focus({ preventScroll: true });
      if (caret && target.id === "search-input") {
        target.value = caret[0];
        target.setSelectionRange(caret[1], caret[1]);
      }
    } else if (push) {
      window.scrollTo(0, 0);
    }
    const pages = document.querySelector(".pages span");
    status.textContent = pages ? "Repositories " + pages.textContent : document.title;
  }

  function addressOf(form) {
    const data = new FormData(form);
    const query = new URLSearchParams([...data].filter(([, value]) => value !== ""));
    return "?" + query;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
      return;
    }
    const href = link.getAttribute("href");
    if (href.startsWith("?")) {
      event.preventDefault();
      show(href, { push: true });
    }
  });

  document.addEventListener("submit", (event) => {
    event.preventDefault();
    show(addressOf(event.target), { push: true });
  });

  let timer;
  document.addEventListener("input", (event) => {
    const form = event.target.closest("#search");
    if (form) {
      clearTimeout(timer);
      timer = setTimeout(() => show(addressOf(form), { push: true, focus: event.target.id }), 200);
    }
  });

  addEventListener("popstate", () => show(location.href));
})();

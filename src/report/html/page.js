"use strict";
(() => {
  const form = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const groups = [...document.querySelectorAll("details.group")].map((element) => {
    const said = element.querySelector("summary").textContent;
    const causes = [...element.querySelectorAll("tbody")].map((body) => {
      const head = body.querySelector(".cause");
      const rows = [...body.querySelectorAll("tr:not(.cause)")].map((row) => ({
        row,
        text: `${said} ${head.textContent} ${row.textContent}`.toLowerCase(),
      }));
      return { body, rows };
    });
    return { element, causes, count: element.querySelector(".count") };
  });
  const all = groups.reduce((sum, { causes }) => causes.reduce((own, { rows }) => own + rows.length, sum), 0);

  const fits = (wanted, is) => wanted === "" || wanted.slice(1) === is;
  const filter = () => {
    const wanted = Object.fromEntries(new FormData(form));
    const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
    let total = 0;
    for (const { element, causes, count } of groups) {
      const asked = fits(wanted.severity, element.dataset.severity) && fits(wanted.family, element.dataset.family);
      let own = 0;
      for (const { body, rows } of causes) {
        let some = 0;
        for (const { row, text } of rows) {
          const fit =
            asked &&
            fits(wanted.tier, row.dataset.tier) &&
            fits(wanted.owner, row.dataset.owner) &&
            fits(wanted.outcome, row.dataset.outcome) &&
            words.every((word) => text.includes(word));
          row.hidden = !fit;
          some += fit;
        }
        body.hidden = some === 0;
        own += some;
      }
      element.hidden = own === 0;
      count.textContent = own.toString() === count.dataset.all ? own : `${own} of ${count.dataset.all}`;
      total += own;
    }
    shown.textContent = `${total.toLocaleString("en")} of ${all.toLocaleString("en")} shown`;
  };

  // Typing goes on while thousands of rows are looked through.
  let waiting;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  };
  form.addEventListener("input", soon);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    filter();
  });
  for (const button of form.querySelectorAll("[data-open]")) {
    button.addEventListener("click", () => {
      for (const { element } of groups) element.open = button.dataset.open === "true";
    });
  }
  if (all > 0) {
    form.hidden = false;
    filter();
  }

  // Paper has nothing to click on.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const it of closed) it.open = true;
  });
  addEventListener("afterprint", () => {
    for (const it of closed) it.open = false;
    closed = [];
  });
})();

"use strict";
// Sorting, figures in full size, dark and light. Without it the page can be read all the same.

const root = document.documentElement;

// Dark and light: the system's choice until the button is pressed.
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const theme = document.querySelector("header .theme");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemDark.matches);
const showTheme = () => theme.setAttribute("aria-pressed", String(isDark()));
theme.hidden = false;
theme.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  showTheme();
});
systemDark.addEventListener("change", showTheme);
showTheme();

// Contents: closed on a phone; the chapter in view is marked.
const contents = document.querySelector("nav details");
const narrow = matchMedia("(max-width: 63.99rem)");
contents.open = !narrow.matches;
narrow.addEventListener("change", () => { contents.open = !narrow.matches; });
contents.addEventListener("click", (event) => {
  if (narrow.matches && event.target.closest("a")) contents.open = false;
});
const links = new Map(
  [...contents.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]),
);
const headings = [...document.querySelectorAll("main :is(h2, h3)")].filter(({ id }) => links.has(id));
function markSection() {
  const reached = headings.findLast((heading) => heading.getBoundingClientRect().top < innerHeight / 4);
  const link = reached && links.get(reached.id);
  const before = contents.querySelector("[aria-current]");
  if (link === before) return;
  before?.removeAttribute("aria-current");
  link?.setAttribute("aria-current", "true");
  if (link && !narrow.matches) link.scrollIntoView({ block: "nearest", behavior: "instant" });
}
addEventListener("scroll", markSection, { passive: true });
markSection();

// Tables: a header sorts upwards, then downwards, then as it was.
const collator = new Intl.Collator("en", { numeric: true });
const missing = new Set(["", "-", "–", "—"]);
// The number that a cell begins with. What may follow: an interval, a unit, a second number; a
// letter makes it a name or a hash.
const leading =
  /^([<>])?\s*([+\-−]?(?=\.?\d)(?:\d{1,3}(?:,\d{3})+|\d*)(?:\.\d+)?(?:e[+-]?\d+)?)(?=$|[\s%[(/:;])/i;

function keyOf(text) {
  if (missing.has(text)) return "";
  const [, bound, digits] = leading.exec(text) ?? [];
  const value = Number(digits?.replaceAll(",", "").replace("−", "-"));
  return bound ? value + (bound === "<" ? -1e-9 : 1e-9) : value;
}

// A column of numbers and missing values is sorted by its numbers, any other one by its texts.
function keyColumns(body) {
  for (let column = 0; column < body.rows[0].cells.length; column += 1) {
    const cells = [...body.rows].map((row) => row.cells[column]);
    const keys = cells.map((cell) => keyOf(cell.textContent.trim()));
    if (keys.some(Number.isNaN) || keys.every((key) => key === "")) continue;
    for (const [row, cell] of cells.entries()) cell.dataset.key = keys[row];
  }
}
const next = { none: "ascending", ascending: "descending", descending: "none" };

function compare(first, second, sign) {
  const [a, b] = [first.dataset.key, second.dataset.key];
  if (a === undefined || b === undefined) {
    return sign * collator.compare(first.textContent, second.textContent);
  }
  if (a === "" || b === "") return (a === "") - (b === ""); // no value: always last
  return sign * (Number(a) - Number(b));
}

for (const table of document.querySelectorAll("main table")) {
  const body = table.tBodies[0];
  if (!body?.rows.length) continue;
  keyColumns(body);
  if (body.rows.length < 2) continue;
  const before = [...body.rows];
  const headers = [...table.tHead.rows[0].cells];
  for (const [column, header] of headers.entries()) {
    if (!header.textContent.trim()) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      const order = next[header.getAttribute("aria-sort") ?? "none"];
      for (const other of headers) other.removeAttribute("aria-sort");
      const rows = [...before];
      if (order !== "none") {
        header.setAttribute("aria-sort", order);
        const sign = order === "ascending" ? 1 : -1;
        rows.sort((a, b) => compare(a.cells[column], b.cells[column], sign));
      }
      body.append(...rows);
    });
  }
}

// Figures: a click or Enter shows one in the whole window, Esc or a click closes it.
const dialog = document.querySelector("dialog");
const shown = document.createElement("img");
dialog.append(shown);
dialog.addEventListener("click", () => dialog.close());
for (const image of document.querySelectorAll("main figure img")) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-label", `Enlarge: ${image.alt}`);
  image.replaceWith(button);
  button.append(image);
  button.addEventListener("click", () => {
    shown.src = image.src;
    shown.alt = image.alt;
    dialog.showModal();
  });
}

// Paper has nothing to click on: open what is closed, and close it again.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("main details:not([open])")];
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
});

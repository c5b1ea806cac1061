// Runs, live: what their folders say, drawn by the program that serves this page.
import { get, listen, url } from "./net.js?token=@TOKEN@";
import { element, startTheme } from "./parts.js?token=@TOKEN@";

const $ = (id) => document.getElementById(id);
const figures = new Map(); // chart's name -> its figure
const pictures = new Map(); // run's path -> its figure
let known = -1;

const short = (x) => (x === null || x === undefined ? "–" : Math.abs(x) >= 1e5 || (x && Math.abs(x) < 1e-3) ? x.toExponential(3) : String(Number(x.toPrecision(5))));
const full = (x) => String(Number(x.toPrecision(10))); // as the report has it
const bytes = (x) => (x === null ? "?" : x >= 1e9 ? `${(x / 1e9).toFixed(1)} GB` : `${(x / 1e6).toFixed(0)} MB`);
function time(seconds) {
  if (seconds === null) return "?";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

// --- runs ---

function card(run) {
  const where = run.active ? `${run.round || "no round yet"}: epoch ${run.epoch} of ${run.epochs}` : `epoch ${run.epoch} of ${run.epochs}`;
  const bar = element("progress", { max: Math.max(1, run.epochs), value: run.epoch, "aria-label": `Epochs of ${run.name}` });
  const words = [run.data.split("/").pop(), run.model, `seed ${run.seed}`];
  if (run.state === "running") words.push(`${time(run.left)} left`, `${short(run.images_per_second)} images/s`);
  if (run.state === "silent") words.push(`its log has not grown for ${time(run.quiet)}`);
  const rows = Object.entries(run.latest).map(([key, value]) => element("tr", {}, element("th", { scope: "row" }, key), element("td", { "data-key": key, "data-value": value }, short(value))));
  return element("article", { class: `run ${run.state.replace(/ /g, "-")}` }, element("h2", {}, run.name, " ", element("small", {}, run.state)),
    element("p", {}, where, " ", bar), element("p", { class: "hint" }, words.join(" · ")), element("p", { class: "error" }, run.words),
    element("table", { class: "latest" }, element("caption", { class: "unseen" }, `Latest values of ${run.name}`), element("tbody", {}, ...rows)));
}

// --- charts ---

class Chart {
  constructor(name) {
    this.img = element("img", { class: "chart", alt: `Curves: ${name}` });
    this.line = element("div", { class: "line", hidden: "" });
    this.words = element("div", { class: "words", hidden: "" });
    this.box = element("div", { class: "plot" }, this.img, this.line, this.words);
    this.head = element("thead");
    this.table = element("tbody");
    this.figure = element("figure", {}, this.box, element("details", {}, element("summary", {}, `values: ${name}`),
      element("div", { class: "values" }, element("table", {}, element("caption", { class: "unseen" }, name), this.head, this.table))));
    this.box.addEventListener("pointermove", (e) => this.point(e));
    this.box.addEventListener("pointerleave", () => (this.line.hidden = this.words.hidden = true));
    this.figure.querySelector("details").addEventListener("toggle", () => this.list());
  }

  async load(n) {
    const chart = await get("api/chart", { n });
    const before = this.img.src;
    this.img.src = URL.createObjectURL(new Blob([chart.svg], { type: "image/svg+xml" }));
    this.img.width = chart.frame.width;
    this.img.height = chart.frame.height;
    if (before) URL.revokeObjectURL(before);
    this.chart = chart;
    this.list();
  }

  list() {
    if (!this.figure.querySelector("details").open || !this.chart) return;
    const more = this.chart.curves.some((c) => c.error) ? ["error", "trials"] : []; // means over trials
    const heads = ["curve", this.chart.x, more.length ? "mean" : "value", ...more.map((k) => (k === "error" ? "standard error" : k))];
    const rows = this.chart.curves.flatMap((c) => c.x.map((x, i) => element("tr", {}, element("th", { scope: "row" }, c.name),
      ...[short(x), String(c.y[i]), ...more.map((k) => (c[k][i] === null ? "–" : String(c[k][i])))].map((words) => element("td", {}, words)))));
    this.head.replaceChildren(element("tr", {}, ...heads.map((h) => element("th", { scope: "col" }, h))));
    this.table.replaceChildren(...rows);
  }

  // The values nearest to the pointer.
  point(e) {
    const f = this.chart && this.chart.frame;
    if (!f || !this.chart.curves.length) return;
    const box = this.img.getBoundingClientRect(), scale = f.width / box.width;
    const at = (e.clientX - box.left) * scale;
    const outside = at < f.left || at > f.right;
    this.line.hidden = this.words.hidden = outside;
    if (outside) return;
    const x = f.x0 + ((at - f.left) / (f.right - f.left)) * (f.x1 - f.x0);
    let nearest = null;
    for (const c of this.chart.curves) for (const v of c.x) if (nearest === null || Math.abs(v - x) < Math.abs(nearest - x)) nearest = v;
    const lines = this.chart.curves.flatMap((c) => {
      const i = c.x.indexOf(nearest);
      return i < 0 ? [] : [`${c.name}: ${short(c.y[i])}`];
    });
    const place = (f.left + ((nearest - f.x0) / (f.x1 - f.x0)) * (f.right - f.left)) / scale;
    this.line.style.left = `${place}px`;
    this.line.style.top = `${f.top / scale}px`;
    this.line.style.height = `${(f.bottom - f.top) / scale}px`;
    this.words.replaceChildren(element("b", {}, `${this.chart.x} ${short(nearest)}`), ...lines.map((l) => element("span", {}, l)));
    this.words.style.left = place > box.width / 2 ? "" : `${place + 8}px`;
    this.words.style.right = place > box.width / 2 ? `${box.width - place + 8}px` : "";
  }
}

async function showCharts(names) {
  for (const name of [...figures.keys()]) if (!names.includes(name)) figures.delete(name);
  for (const name of names) if (!figures.has(name)) figures.set(name, new Chart(name));
  const wanted = names.map((name) => figures.get(name).figure);
  if (wanted.some((f, i) => $("charts").children[i] !== f) || $("charts").children.length !== wanted.length) $("charts").replaceChildren(...wanted);
  for (const [i, name] of names.entries()) await figures.get(name).load(i);
}

// --- pictures ---

// A slider over a run's sample grids, at the newest until somebody moves it.
function showPictures(runs) {
  for (const [index, run] of runs.entries()) {
    if (!run.pictures.length) continue;
    let p = pictures.get(run.path);
    if (!p) {
      const id = `slide-${index}`;
      p = { img: element("img", { alt: "" }), slider: element("input", { type: "range", min: 0, id, "aria-label": `Picture of ${run.name}` }), caption: element("figcaption"), newest: true };
      p.figure = element("figure", { class: "picture" }, p.caption, p.slider, p.img);
      p.slider.addEventListener("input", () => {
        p.newest = Number(p.slider.value) === p.run.pictures.length - 1;
        p.show();
      });
      p.show = () => {
        const n = Number(p.slider.value);
        p.img.src = url("api/picture", { run: index, n });
        p.img.alt = `${p.run.name}, ${p.run.pictures[n]}`;
        p.caption.textContent = `${p.run.name}, ${p.run.pictures[n]}`;
      };
      pictures.set(run.path, p);
      $("pictures").append(p.figure);
    }
    const more = !p.run || p.run.pictures.length !== run.pictures.length;
    p.run = run;
    p.slider.max = run.pictures.length - 1;
    if (p.newest) p.slider.value = run.pictures.length - 1;
    if (more) p.show();
  }
}

// --- results ---

function showResults(runs) {
  const tables = runs.filter((r) => r.results.length).map((r) => {
    const keys = [...new Set(r.results.flatMap((line) => Object.keys(line).filter((k) => typeof line[k] !== "object")))];
    const rows = r.results.map((line) => element("tr", {}, ...keys.map((k) => element("td", {}, typeof line[k] === "number" ? full(line[k]) : String(line[k] ?? "")))));
    return element("div", { class: "values" }, element("table", {}, element("caption", {}, `${r.name}: ${r.active ? "rounds" : "results"}`),
      element("thead", {}, element("tr", {}, ...keys.map((k) => element("th", { scope: "col" }, k)))), element("tbody", {}, ...rows)));
  });
  $("results").replaceChildren(...tables);
}

async function refresh() {
  const w = await get("api/watch");
  known = w.revision;
  $("title").textContent = w.runs.map((r) => r.name).join(", ");
  document.title = `${$("title").textContent}: watch`;
  const m = w.machine;
  $("machine").textContent = `${m.processors} processors, load ${short(m.load)} · ${bytes(m.memory_free)} of memory free · ${bytes(m.disk_free)} of disk free`;
  $("runs").replaceChildren(...w.runs.map(card));
  showPictures(w.runs);
  showResults(w.runs);
  await showCharts(w.charts);
  document.body.dataset.ready = known;
}

let busy = false, again = false;
async function soon() {
  if (busy) return (again = true);
  busy = true;
  try {
    await refresh();
  } catch (error) {
    $("banner").textContent = error.message;
    $("banner").hidden = false;
  }
  busy = false;
  if (again) {
    again = false;
    soon();
  }
}

startTheme($("theme"));
soon().then(() => listen((event) => event.watched !== known && soon(), (lost) => {
  $("banner").textContent = lost ? "The server is away: what is shown is from before." : "";
  $("banner").hidden = !lost;
}));

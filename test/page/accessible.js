// What a screen reader and weak eyes need, of all that is shown now: a list of what is wrong.
const wrong = [];
const visible = (e) => e.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && e.getClientRects().length > 0;
const name = (e) => (e.getAttribute("aria-label") || e.getAttribute("alt") || (e.labels && [...e.labels].map((l) => l.textContent).join(" ")) || e.textContent || "").trim();
if (!document.documentElement.lang) wrong.push("no language");
if (document.querySelectorAll("main").length !== 1) wrong.push("not one main");
if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
for (const e of document.querySelectorAll("button, a[href], input, select, progress, img, [role=option], dialog[open]"))
  if (visible(e) && !name(e) && !e.getAttribute("aria-labelledby") && e.getAttribute("alt") === null) wrong.push(`no name: ${e.outerHTML.slice(0, 80)}`);
for (const e of document.querySelectorAll("button, a[href], [role=option]")) {
  const box = e.getBoundingClientRect();
  if (visible(e) && (box.width < 24 || box.height < 18)) wrong.push(`too small: ${e.outerHTML.slice(0, 80)}`);
}
const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
if (new Set(ids).size !== ids.length) wrong.push("an id twice");
for (const e of document.querySelectorAll("[aria-labelledby]")) if (!document.getElementById(e.getAttribute("aria-labelledby"))) wrong.push("labelled by nothing");
const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
function rgb(colour, under) {
  canvas.fillStyle = `rgb(${under})`;
  canvas.fillRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
}
const luminance = (c) => c.map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
function behind(e) {
  const above = [];
  for (; e; e = e.parentElement) above.unshift(getComputedStyle(e).backgroundColor);
  return above.reduce((under, colour) => rgb(colour, under), [255, 255, 255]);
}
for (const e of document.querySelectorAll("body *")) {
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!own || !visible(e) || e.closest(":disabled, svg, option, .unseen")) continue;
  const style = getComputedStyle(e), ground = behind(e), ink = rgb(style.color, ground);
  const [a, b] = [luminance(ink), luminance(ground)].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05), large = parseFloat(style.fontSize) >= 24;
  if (ratio < (large ? 3 : 4.5)) wrong.push(`contrast ${ratio.toFixed(2)}: ${e.outerHTML.slice(0, 80)}`);
}
return wrong;

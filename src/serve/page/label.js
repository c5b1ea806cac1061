// The page on which people answer. Shown are what the server has, and what was pressed since and is on its way there.
import { get, listen, newKey, Outbox, post, url } from "./net.js?token=@TOKEN@";
import { keysOf } from "./keys.js?token=@TOKEN@";
import { Zoom } from "./zoom.js?token=@TOKEN@";
import { ask, element, remember, remembered, startTheme } from "./parts.js?token=@TOKEN@";

const SKIP = -2, AHEAD = 8, SOON = 3, QUEUE = 60, STRIP = 5;
const $ = (id) => document.getElementById(id);

const page = {
  state: null, // as api/state has it
  keys: [],
  queue: [], // images that wait for this person, best first; what is on its way is not among them
  past: [], // {item, label, key}: this window's answers, newest last
  sent: new Map(), // images whose answers, or takings back, are on their way: how many
  known: 0, // the server's revision that all of this is of
  back: -1, // the image that came back by an undo, to be shown, whatever is shown now
  overtaken: null, // {image, words, item}: what is on the screen is no more as it shows there; item: of page.fixed, as it is now
  behind: false, // the server's images were not taken, as something was on its way
  since: 0, // when the image came onto the screen
  had: new Map(), // class's name -> its key, as long as this page is open
  window: windowKey(),
  stale: false, // something was refused: the server is to be asked what is so
  view: "one",
  fixed: null, // an answered image that is looked at again, in place of the queue's first
  chosen: new Set(), // in the grid
  guesses: remembered("guesses") === "on",
  who: remembered("who") || "me",
};

function windowKey() {
  try {
    const key = sessionStorage.getItem("paydirt window") || newKey();
    sessionStorage.setItem("paydirt window", key);
    return key;
  } catch {
    return newKey();
  }
}

const leave = (image) => page.sent.set(image, (page.sent.get(image) || 0) + 1);
const arrive = (image) => (page.sent.get(image) > 1 ? page.sent.set(image, page.sent.get(image) - 1) : page.sent.delete(image));
const pictures = new Map(); // image -> its element, loaded or on the way
const zoom = new Zoom($("stage"));
let outbox;

// --- words ---

const say = (words) => {
  $("live").textContent = words;
};
const banner = (words) => {
  $("banner").textContent = words;
  $("banner").hidden = !words;
};
let offered = []; // the classes as the buttons have them, while a newer state is on its way
const called = (label) => (label === SKIP ? "skip" : offered[label].name);
const shown = (label) => (label === SKIP ? "skipped" : label < 0 ? "" : (page.state.classes[label] || { shown: "a new class" }).shown);
const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
const number = (x) => (x === null || x === undefined ? "" : Number(x.toPrecision(3)).toString());

function showCounts() {
  const c = page.state.counts;
  const waiting = outbox ? outbox.count : 0;
  const open = Math.max(0, c.open - page.sent.size);
  $("bar").max = Math.max(1, c.asked);
  $("bar").value = c.asked - open;
  $("left").textContent = c.asked ? `${open.toLocaleString("en")} of ${c.asked.toLocaleString("en")} left` : "nothing is asked";
  $("saved").textContent = waiting ? `saving ${waiting}…` : c.mine ? "all saved" : "";
  $("saved").classList.toggle("waits", waiting > 0);
  const extra = [c.skipped && `${c.skipped} skipped`, c.disputed && `${c.disputed} disagreed on`].filter(Boolean);
  $("left").title = extra.join(", ");
  $("to-review").textContent = c.disputed ? `Answers (${c.disputed} ≠)` : "Answers";
}

// --- pictures ---

const source = (image, small) => url("api/image", small ? { n: image, small: 1 } : { n: image });

function picture(item) {
  let img = pictures.get(item.image);
  if (!img) {
    img = new Image();
    img.decoding = "async";
    img.draggable = false;
    img.src = source(item.image);
    pictures.set(item.image, img);
  }
  img.alt = `Image ${item.name}`;
  return img;
}

const whenIdle = (action) => (window.requestIdleCallback ? requestIdleCallback(action, { timeout: 200 }) : setTimeout(action, 50));

// Decodes it once, before it is shown: a photograph takes longer for that than to come.
function soonShown(img) {
  if (img.dataset.soon) return;
  img.dataset.soon = "yes";
  img.decode().catch(() => 0);
}

function lookAhead() {
  for (const item of page.queue.slice(0, AHEAD)) picture(item);
  for (const item of page.queue.slice(0, SOON)) soonShown(picture(item));
  if (pictures.size <= 4 * AHEAD) return;
  const near = new Set([...page.queue.slice(0, AHEAD), ...page.past.slice(-STRIP).map((p) => p.item)].map((i) => i.image));
  for (const image of pictures.keys()) if (!near.has(image)) pictures.delete(image);
}

// --- one image ---

const current = () => page.fixed || page.queue[0] || null;

function describe(item) {
  const parts = [];
  if (item.place && item.guess < 0) parts.push(`${item.place} of ${page.state.counts.asked}`);
  else if (item.place) parts.push(`asked for by ${page.state.strategy}, ${item.place} of ${page.state.counts.asked}`);
  if (item.place && item.guess < 0) parts.push("drawn at random, as there is no model yet");
  else if (item.score !== undefined && item.score !== null) parts.push(`score ${number(item.score)}`);
  if (page.guesses && item.guess >= 0) parts.push(`the model guesses ${shown(item.guess)}, ${Math.round(100 * item.guess_p)} %`);
  if (page.fixed) {
    const words = [said(item), item.run !== -1 && `the run has: ${shown(item.run)}`].filter(Boolean);
    parts.unshift(words.join(", ") || "no answer");
    if (item.disputed) parts.unshift("people disagree: the class that you press settles it");
  }
  return parts.join(" · ");
}

function showOvertaken() {
  const words = page.overtaken && page.view === "one" ? page.overtaken.words : "";
  if ($("overtaken").textContent !== words) $("overtaken").textContent = words; // else it is read aloud again
  $("overtaken").hidden = !words;
}

function showOne() {
  const item = current();
  showOvertaken();
  $("idle").hidden = Boolean(item) || page.view !== "one";
  $("one").hidden = !item || page.view !== "one";
  if (!item) return showIdle();
  const img = picture(item);
  if ($("stage").firstChild !== img) {
    $("stage").replaceChildren(img);
    $("stage").dataset.image = item.image;
    page.since = performance.now();
    zoom.reset(img);
  }
  $("why").replaceChildren(element("b", {}, item.name), " ", describe(item));
  showStrip(item);
  showNotes(item);
  showClasses(item);
}

const thumbs = new Map(); // image -> its element on the strip

function thumb(item, label, kind) {
  let img = thumbs.get(item.image);
  if (!img) thumbs.set(item.image, (img = element("img", { src: source(item.image, true), alt: item.name })));
  const words = label === undefined ? "" : shown(label);
  return element("li", { class: kind, title: item.name }, img, element("span", {}, words));
}

function showStrip(item) {
  const before = page.past.slice(-STRIP).map((p) => {
    const cell = thumb(p.item, p.label, "before");
    cell.addEventListener("click", () => look(p.item.image));
    return cell;
  });
  const after = page.queue.filter((q) => q !== item).slice(0, STRIP).map((q) => thumb(q, undefined, "after"));
  $("strip").replaceChildren(...before, thumb(item, undefined, "now"), ...after);
  for (const [image, img] of thumbs) if (!img.isConnected) thumbs.delete(image);
}

function showNotes(item) {
  $("notes").replaceChildren(...(item.notes || []).map((n) => element("span", { class: "note" }, `${n.who}: ${n.text}`)));
}

function showIdle() {
  const s = page.state, c = s.counts;
  const all = c.asked > 0 && c.open === 0 && !page.sent.size;
  $("idle-title").textContent = s.busy ? "The run is at work" : all ? "All answered" : c.asked ? "One moment…" : "Nothing is asked now";
  const words = [];
  if (s.busy) words.push(s.words || "Its next questions come here.");
  else if (all && c.done < c.asked)
    words.push(c.disputed ? `People disagree on ${plural(c.disputed, "image")}: settle them under “Answers”.`
                          : `${plural(c.asked - c.done, "image")} wait for other people.`);
  else if (all) words.push(`${plural(c.asked, "image")}, ${c.skipped} skipped. Look them through under “Answers”, or go on.`);
  else if (!c.asked) words.push("The run asks as soon as it has trained: this page then shows it.");
  $("idle-words").textContent = words.join(" ");
  $("go-on").hidden = s.busy || !all;
  showClasses(null);
  $("strip").replaceChildren();
}

// --- classes ---

let drawn = ""; // what the buttons were made of: most presses change nothing of it
function showClasses(item) {
  for (const id of ["skip", "note"]) $(id).disabled = page.view === "one" && !item;
  const classes = page.state.classes;
  const wanted = $("find").value.trim().toLowerCase();
  const mine = item && page.fixed ? item.answers.find((a) => a.who === page.who) : null;
  const now = JSON.stringify([classes, wanted, mine && mine.label, page.guesses && item ? item.guess : -1, page.state.may_add]);
  if (now === drawn) return;
  drawn = now;
  page.keys = keysOf(classes, page.had);
  page.had = new Map(classes.map((c, i) => [c.name, page.keys[i]]));
  offered = classes;
  const buttons = classes.map((c, i) => {
    if (wanted && !c.shown.toLowerCase().includes(wanted)) return null;
    const button = element("button", { class: "class", "data-class": i }, element("span", {}, c.shown));
    if (page.keys[i]) button.append(element("kbd", {}, page.keys[i].toUpperCase()));
    if (mine && mine.label === i) button.classList.add("mine");
    if (page.guesses && item && item.guess === i) button.classList.add("guess");
    const rename = element("button", { class: "rename", "data-rename": i, title: `Rename ${c.shown}`, "aria-label": `Rename ${c.shown}` }, "✎");
    return element("li", {}, button, rename);
  });
  $("classes").replaceChildren(...buttons.filter(Boolean));
  $("find-line").hidden = classes.length <= 12;
  $("add").hidden = !page.state.may_add;
}

// --- pressing ---

// The one way to the server: what is pressed is gone from the queue at once, and back where it is refused.
function send(presses, words) {
  if (!outbox) return Promise.reject(new Error("nothing is asked yet"));
  return outbox.send(page.who, presses, words).then((value) => {
    page.state.counts = value.counts;
    page.known = Math.max(page.known, value.counts.revision);
    return value;
  });
}

// Numbers may be others' by the time that it is sent: the server compares the names.
const labelled = (item, label) => ({ image: item.image, name: item.name, label, class: called(label) });

function press(item, label) {
  const settles = item.disputed && page.fixed;
  const before = page.fixed ? item.answers.find((a) => a.who === page.who) : null;
  const one = { kind: settles ? "settle" : "answer", key: newKey(), ...labelled(item, label) };
  one.was = settles ? item.said : before ? before.id : 0;
  const entry = { item, label, key: one.key };
  page.past.push(entry);
  leave(item.image);
  if (!page.fixed) page.queue.shift();
  const wasFixed = page.fixed;
  page.fixed = null;
  say(`${label === SKIP ? "Skipped" : shown(label)}. ${page.queue[0] ? `Next: ${page.queue[0].name}` : ""}`);
  whenIdle(lookAhead); // first this one
  if (wasFixed) setView("review");
  else showOne();
  showCounts();
  send([one], `${item.name}: ${shown(label)}`).then(
    () => settled(item.image),
    (error) => {
      page.past = page.past.filter((p) => p !== entry);
      banner(`${item.name}: ${error.message}`);
      settled(item.image, true);
    },
  );
}

function settled(image, again) {
  arrive(image);
  page.stale = page.stale || Boolean(again);
  if (!page.sent.size && page.stale) refresh();
  else if (page.queue.length < AHEAD || (!page.sent.size && page.behind)) refill();
  showCounts();
  if (page.view === "review") showReview();
  else if (!current()) showOne();
}

function pressChosen(label) {
  const items = page.queue.filter((q) => page.chosen.has(q.image));
  const marked = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.image : undefined;
  const only = page.queue.find((q) => String(q.image) === marked);
  const list = items.length ? items : only ? [only] : [];
  if (!list.length) return say("Choose an image first");
  const at = page.queue.indexOf(list[list.length - 1]);
  for (const item of list) leave(item.image);
  page.queue = page.queue.filter((q) => !list.includes(q));
  page.chosen.clear();
  say(`${plural(list.length, "image")}: ${label === SKIP ? "skipped" : shown(label)}`);
  showGrid(Math.max(0, at - list.length + 1));
  showCounts();
  const group = newKey();
  const entries = list.map((item) => ({ item, label, key: newKey(), group }));
  page.past.push(...entries);
  for (const part of inParts(entries)) sendPart(part, label);
}

// What one request may hold; names are of any length.
const REQUEST_BYTES = 40000;
const pressOf = (entry) => ({ kind: "answer", key: entry.key, ...labelled(entry.item, entry.label), was: 0 });

function inParts(entries) {
  const parts = [[]];
  let bytes = 0;
  for (const entry of entries) {
    const more = new TextEncoder().encode(JSON.stringify(pressOf(entry))).length;
    if (bytes && bytes + more > REQUEST_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    bytes += more;
    parts[parts.length - 1].push(entry);
  }
  return parts;
}

function sendPart(part, label) {
  send(part.map(pressOf), `${part.map((e) => e.item.name).join(", ")}: ${shown(label)}`).then(
    () => {
      part.forEach((e) => arrive(e.item.image));
      refill();
    },
    (error) => {
      part.forEach((e) => arrive(e.item.image));
      page.past = page.past.filter((p) => !part.includes(p));
      banner(error.message);
      refresh();
    },
  );
}

// Leaves what was overtaken behind; nothing is labelled.
function moveOn() {
  const over = page.overtaken;
  page.overtaken = null;
  if (!over) return;
  if (!over.item) page.queue = page.queue.filter((q) => q.image !== over.image);
  else if (page.fixed) page.fixed = over.item;
}

function answer(label) {
  banner("");
  if (page.view === "grid") return pressChosen(label);
  if (page.view !== "one" || !current()) return;
  if (page.overtaken) {
    moveOn();
    say(current() ? `Nothing was answered. Now: ${current().name}` : "Nothing was answered");
    showOne();
    showCounts();
    if (page.queue.length < AHEAD) refill();
  } else if ($("stage").firstChild.complete === false) banner("The picture is not here yet: press again when it shows");
  else press(current(), label);
}

// The last of this window's answers; after a reload, this person's last. What was chosen together comes back together.
function undo() {
  banner("");
  if (!page.fixed) moveOn();
  page.overtaken = null;
  const last = page.past.pop();
  const entries = last ? [last] : [];
  while (last && last.group && page.past.length && page.past[page.past.length - 1].group === last.group) entries.push(page.past.pop());
  for (const e of entries) if (!page.queue.some((q) => q.image === e.item.image)) page.queue.unshift(e.item);
  page.fixed = null;
  if (page.view === "review") show("one");
  const presses = entries.map((e) => ({ kind: "undo", key: newKey(), of: e.key }));
  if (!entries.length) presses.push({ kind: "undo", key: newKey() });
  const images = entries.map((e) => e.item.image);
  images.forEach(leave);
  redraw();
  say(entries.length ? `${entries[0].item.name} is taken back` : "The last answer is taken back");
  let words = "";
  send(presses, `${entries.map((e) => e.item.name).join(", ") || "the last answer"}: taken back`).then(
    (value) => (page.back = entries.length || !value.undone.length ? -1 : value.undone[0]), // it is the server that knows which
    (error) => (words = error.message),
  ).finally(async () => {
    images.forEach(arrive);
    await refresh();
    if (words) banner(words);
  });
}

// --- the server's side ---

// While something is on its way, what this window knows is newer: further images alone are taken.
function adopt(images) {
  page.behind = page.sent.size > 0;
  if (page.behind) {
    const known = new Set(page.queue.map((q) => q.image));
    page.queue.push(...images.filter((i) => !known.has(i.image) && !page.sent.has(i.image)));
    return lookAhead();
  }
  const now = page.queue[0];
  const wanted = page.view === "grid" && page.back < 0 ? undefined : keep()[0];
  page.queue = page.view === "grid" ? inOldOrder(images) : images;
  const at = page.queue.findIndex((q) => q.image === wanted);
  if (at > 0) page.queue.unshift(...page.queue.splice(at, 1)); // what somebody looks at stays
  if (page.view === "one" && !page.fixed) page.overtaken = null;
  if (page.back >= 0 && at < 0) tellOf(page.back);
  else if (page.view === "one" && !page.fixed && now && at < 0) overtake(now);
  page.back = -1;
  for (const image of [...page.chosen]) if (!page.queue.some((q) => q.image === image)) page.chosen.delete(image);
  lookAhead();
}

// Images that are on the screen, and stay there while they are open.
function keep() {
  if (page.back >= 0) return [page.back];
  if (page.view === "grid") return [...page.chosen];
  return page.view === "one" && !page.fixed && page.queue[0] ? [page.queue[0].image] : [];
}

async function lookUp(image) {
  const { images } = await get("api/review", { who: page.who, show: `image:${image}`, n: 1 });
  return images[0];
}

const said = (item) => item.answers.map((a) => `${a.who}: ${shown(a.label)}`).join(", ");

// Why an image is not open any more.
function whyNot(item) {
  if (item && item.answers.length) return `${item.answers.map((a) => `${a.who} has answered this: ${shown(a.label)}`).join(", ")}.`;
  if (item && item.run !== -1) return `The run has an answer to this already and keeps it: ${shown(item.run)}. Another can be given under “Answers”.`;
  return "This is not asked any more.";
}

const tellOf = (image) => lookUp(image).then((item) => banner(`${item ? item.name : "It"}: ${whyNot(item)}`), () => 0);

// Somebody else has answered what is on the screen. It stays there: a press that is under way would count for another image.
async function overtake(item) {
  const over = { image: item.image, words: "Somebody has answered this. The next press only moves on." };
  page.queue.unshift(item);
  page.overtaken = over;
  const found = await lookUp(item.image).catch(() => null);
  over.words = `${whyNot(found)} The next press only moves on.`;
  if (found && page.overtaken === over && page.queue[0] === item) page.queue[0] = found;
  redraw();
}

// The same of an answered image that is looked at again.
async function lookAgain() {
  const item = page.fixed;
  const found = item && !page.sent.has(item.image) ? await lookUp(item.image).catch(() => null) : null;
  if (!found || page.fixed !== item || found.said === item.said) return;
  page.overtaken = { image: item.image, item: found, words: `Meanwhile people say of this: ${said(found) || "nothing"}. The next press only shows it anew.` };
  showOvertaken();
}

// Cells stay where they are.
function inOldOrder(images) {
  const fresh = new Map(images.map((i) => [i.image, i]));
  const kept = page.queue.filter((q) => fresh.has(q.image)).map((q) => fresh.get(q.image));
  kept.forEach((q) => fresh.delete(q.image));
  return [...kept, ...fresh.values()];
}

let asking = null;
function refill() {
  if (asking) {
    asking.again = true;
    return asking.promise;
  }
  const mine = (asking = { again: false });
  mine.promise = get("api/queue", { who: page.who, n: QUEUE, keep: keep(), ...(document.hidden ? {} : { window: page.window }) })
    .then((value) => {
      if (value.counts.revision < page.known) {
        mine.again = true;
        return;
      }
      page.known = value.counts.revision;
      page.state.counts = value.counts;
      adopt(value.images);
    }, () => 0)
    .then(() => {
      asking = null;
      redraw();
      if (mine.again) refill();
    });
  return mine.promise;
}

async function refresh() {
  try {
    page.state = await get("api/state", { who: page.who });
    page.stale = false;
  } catch (error) {
    if (error.status === 503) page.state = { ...emptyState(), words: error.message };
    else return banner(error.message);
  }
  if (page.state.book && (!outbox || outbox.book !== page.state.book)) openOutbox();
  $("run").textContent = page.state.run.split("/").pop() || "paydirt";
  document.title = `${$("run").textContent}: label`;
  if (page.state.busy && !page.state.counts.asked) page.queue = [];
  const trouble = page.state.busy ? "" : page.state.words;
  if ($("trouble").textContent !== trouble) $("trouble").textContent = trouble;
  $("trouble").hidden = !trouble;
  await refill();
  await lookAgain();
  if (page.view === "review") showReview();
}

const emptyState = () => ({
  run: "", book: "", strategy: "", needed: 1, busy: true, words: "", may_add: false, classes: [], people: [],
  counts: { asked: 0, done: 0, disputed: 0, open: 0, mine: 0, skipped: 0, last: 0, revision: 0 },
});

// A run's answers go into that run alone: by the name of its book.
function openOutbox() {
  page.past = page.queue = [];
  page.had = new Map();
  page.overtaken = null;
  outbox = new Outbox(page.state.book, onOutbox);
  showRefused();
}

function showRefused() {
  const list = outbox.refused;
  $("refused").hidden = !list.length;
  const words = `Pressed before this page was loaded, and not taken: ${list.map((r) => r.words).join("; ")}.`;
  if ($("refused-words").textContent !== words) $("refused-words").textContent = words; // else it is read aloud again
}

function onOutbox(box) {
  if (box.failed) banner(`${plural(box.count, "answer")} not saved yet: ${box.failed}. Keep this page open; they are sent again.`);
  else if ($("banner").textContent.includes("not saved yet")) banner("");
  if (page.state) showCounts();
  showRefused();
}

let finished = false, soon = 0;
function onEvent(event) {
  finished = event.words === "finished";
  if (event.busy && page.state && page.state.busy && page.state.words !== event.words) {
    page.state.words = event.words;
    if (!current()) showIdle();
  }
  if (event.revision <= page.known && Boolean(page.state) && page.state.busy === event.busy) return;
  clearTimeout(soon);
  soon = setTimeout(refresh, 100);
}

const AWAY = "The server is away. What you answer waits here until it is back.";
const FULL = "So many pages are open that this one hears little of the others: close some. What you answer is saved.";
function onLost(lost, refused) {
  if (!lost) return [AWAY, FULL].includes($("banner").textContent) && banner("");
  const away = () => banner(finished ? "The run has finished, and so has its server. This page may be closed." : AWAY);
  const full = () => {
    banner(FULL);
    refresh();
  };
  if (refused) get("api/state").then(full, away);
  else away();
}

// --- the grid ---

function showGrid(focus) {
  $("grid").hidden = page.view !== "grid";
  const had = $("cells").contains(document.activeElement) ? document.activeElement.dataset.image : undefined;
  const there = new Map([...$("cells").children].map((c) => [c.dataset.image, c]));
  const at = focus === undefined ? page.queue.findIndex((q) => String(q.image) === had) : focus;
  const lost = at < 0; // somebody else has answered it: the next press is not for another
  focus = Math.max(0, at);
  const cells = page.queue.map((item, i) => {
    const cell = there.get(String(item.image)) || element("div", { class: "cell", role: "option", "data-image": item.image, title: item.name, "aria-label": item.name },
      element("img", { src: source(item.image, true), alt: "", loading: "lazy" }), element("span"));
    cell.tabIndex = i === focus ? 0 : -1;
    cell.setAttribute("aria-selected", page.chosen.has(item.image));
    cell.lastChild.textContent = page.guesses && item.guess >= 0 ? shown(item.guess) : "";
    return cell;
  });
  $("cells").replaceChildren(...cells);
  if (had !== undefined && !lost && page.view === "grid" && cells.length) cells[Math.min(focus, cells.length - 1)].focus();
  showChosen();
  $("idle").hidden = page.queue.length > 0 || page.view !== "grid";
  if (!page.queue.length) showIdle();
}

function showChosen() {
  $("chosen").textContent = page.chosen.size ? `${page.chosen.size} chosen: press a class's key` : "Choose images, then press a class's key";
}

function choose(cell, on) {
  const image = Number(cell.dataset.image);
  if (on === undefined) on = !page.chosen.has(image);
  if (on) page.chosen.add(image);
  else page.chosen.delete(image);
  cell.setAttribute("aria-selected", on);
  showChosen();
}

function moveInGrid(event) {
  const cells = [...$("cells").children];
  const at = cells.indexOf(document.activeElement);
  const wide = Math.max(1, cells.filter((c) => c.offsetTop === cells[0].offsetTop).length);
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -wide, ArrowDown: wide, Home: -at, End: cells.length - 1 - at }[event.key];
  if (step === undefined || !cells.length) return false;
  const to = cells[Math.min(cells.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
  cells.forEach((c) => (c.tabIndex = c === to ? 0 : -1));
  to.focus();
  if (event.shiftKey) choose(to, true);
  return true;
}

// --- what was answered ---

let reviewed = 0;
async function showReview(more) {
  const list = $("answers");
  if (!more) reviewed = 0;
  const value = await get("api/review", { who: page.who, show: $("show").value, from: reviewed, n: 60 });
  reviewed += value.images.length;
  const cards = value.images.map((item) => {
    const words = item.disputed ? said(item)
                : shown(item.label >= 0 || item.label === SKIP ? item.label : item.run);
    const card = element("button", { class: item.disputed ? "card disputed" : "card", title: item.name },
      element("img", { src: source(item.image, true), alt: item.name, loading: "lazy" }), element("span", {}, words));
    for (const n of item.notes) card.append(element("span", { class: "note" }, `${n.who}: ${n.text}`));
    card.addEventListener("click", () => fix(item));
    return card;
  });
  if (more) list.append(...cards);
  else list.replaceChildren(...(cards.length ? cards : [element("p", {}, "None.")]));
  $("more").hidden = value.images.length < 60;
  if (!more) showAgreement();
}

async function showAgreement() {
  const { pairs } = await get("api/agreement");
  const rows = pairs.map((p) => element("tr", {}, element("th", { scope: "row" }, `${p.one} and ${p.other}`), element("td", {}, p.images),
    element("td", {}, `${p.agreed} (${Math.round((100 * p.agreed) / p.images)} %)`), element("td", {}, p.kappa === null ? "–" : p.kappa.toFixed(3))));
  if (!rows.length) return $("agreement").replaceChildren();
  $("agreement").replaceChildren(element("table", {}, element("caption", {}, "How far people agree"), element("thead", {}, element("tr", {},
    ...["", "images of both", "agreed", "Cohen's κ"].map((h) => element("th", { scope: "col" }, h)))), element("tbody", {}, ...rows)));
}

function fix(item) {
  moveOn();
  page.fixed = item;
  show("one");
  say(`${item.name}: ${describe(item)}`);
}

async function look(image) {
  const item = await lookUp(image);
  if (item) fix(item);
}

// --- views ---

function setView(view) {
  if (view !== "one") {
    page.fixed = null;
    moveOn();
  }
  page.view = view;
  showOvertaken();
  for (const v of ["one", "grid", "review"]) {
    $(`to-${v}`).setAttribute("aria-pressed", v === view);
    $(v).hidden = v !== view;
  }
  document.body.dataset.view = view;
  redraw();
}

function show(view) {
  setView(view);
  if (view === "review") showReview();
}

function redraw() {
  if (!page.state) return;
  $("name").textContent = page.who;
  showCounts();
  if (page.view === "one") showOne();
  else if (page.view === "grid") {
    showGrid();
    showClasses(null);
  } else {
    $("idle").hidden = true;
    showClasses(null);
  }
}

// --- asking people for words ---

async function addClass() {
  await ask({ title: "Add a class", label: "Its name", words: "The run learns it from its next round on." }, async (name) => {
    await send([{ kind: "class", key: newKey(), text: name }], `the class ${name}`);
    await refresh();
    say(`The class ${name} is there`);
  });
}

async function rename(i) {
  const c = page.state.classes[i];
  await ask({
    title: `Rename ${c.shown}`, label: "Its new name", value: c.shown,
    words: `On this page, in COCO files and in folders a class. The run goes on calling it “${c.name}”.`,
  }, async (name) => {
    if (name === c.shown) return;
    await send([{ kind: "rename", key: newKey(), label: i, class: c.name, text: name }], `${c.shown}: renamed ${name}`);
    await refresh();
  });
}

async function note() {
  const item = current();
  if (!item) return;
  const mine = (item.notes || []).find((n) => n.who === page.who);
  await ask({ title: "Note", label: "Note", value: mine ? mine.text : "", words: item.name, empty: true }, async (text) => {
    await send([{ kind: "note", key: newKey(), image: item.image, name: item.name, text }], `${item.name}: the note “${text}”`);
    item.notes = (item.notes || []).filter((n) => n.who !== page.who).concat(text ? [{ who: page.who, text }] : []);
    redraw();
  });
}

async function changeName() {
  await ask({ title: "Who answers", label: "Your name", value: page.who, words: "Answers are kept by name: what several people say of an image is compared." },
    async (name) => {
      page.who = name;
      remember("who", name);
      page.past = page.queue = [];
      page.overtaken = null;
      await refresh();
    });
}

async function goOn() {
  try {
    const { done } = await post("api/done", {});
    if (done) page.state.busy = true;
    page.state.words = "The answers are taken.";
    redraw();
  } catch (error) {
    banner(error.message);
  }
}

function toggleGuesses(on) {
  page.guesses = on;
  $("guesses").checked = on;
  remember("guesses", on ? "on" : "off");
  redraw();
}

// --- keys ---

const shifted = {
  G: () => show("grid"), O: () => show("one"), R: () => show("review"), N: note, I: () => toggleGuesses(!page.guesses),
  C: () => page.state.may_add && addClass(), F: () => !$("find-line").hidden && $("find").focus(),
};
const plain = {
  "?": () => $("keys").showModal(), "+": () => zoom.by(1.4), "=": () => zoom.by(1.4), "-": () => zoom.by(1 / 1.4),
  Backspace: undo, Escape: () => (page.fixed ? show("review") : show("one")),
};

function onKey(event) {
  const at = event.target;
  const typing = at.matches("input:not([type=checkbox]), textarea, select");
  if (event.ctrlKey || event.metaKey || event.altKey || !page.state || document.querySelector("dialog[open]")) return;
  if (typing) {
    if (event.key === "Escape") at.blur();
    return;
  }
  const control = at.matches("button, a, input, summary");
  const run = (action) => {
    event.preventDefault();
    action();
  };
  if (page.view === "grid" && moveInGrid(event)) return event.preventDefault();
  if (event.shiftKey && shifted[event.key]) return run(shifted[event.key]);
  if (plain[event.key] && classOf(event) < 0) return run(plain[event.key]);
  if (control && (event.key === " " || event.key === "Enter")) return;
  if (event.key === " ") return event.repeat ? event.preventDefault() : run(() => answer(SKIP));
  if (event.key === "Enter" && at.matches(".cell")) return run(() => choose(at));
  if (event.key === "Enter" && !$("go-on").hidden && !$("idle").hidden) return run(goOn);
  const label = classOf(event);
  if (label >= 0 && !event.repeat) run(() => answer(label));
}

// On some keyboards (AZERTY) digits need Shift, and their keys have other signs without it.
function classOf(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : "";
  const own = key && (!event.shiftKey || /^[0-9]$/.test(key)) ? page.keys.indexOf(key) : -1;
  const digit = /^Digit([0-9])$/.exec(event.code || "");
  return own < 0 && digit && !event.shiftKey && !/^[0-9a-z]$/.test(key) ? page.keys.indexOf(digit[1]) : own;
}

// The second half of a double click, which comes before anybody has seen the next image.
const isDouble = (event) => event.detail > 1 && performance.now() - page.since < 300;

// After a click the keyboard belongs to the image again, not to the button.
const clicked = (action) => (event) => {
  if (event.detail) event.currentTarget.blur();
  action(event);
};

function start() {
  startTheme($("theme"));
  document.addEventListener("keydown", onKey);
  $("to-one").addEventListener("click", clicked(() => show("one")));
  $("to-grid").addEventListener("click", clicked(() => show("grid")));
  $("to-review").addEventListener("click", clicked(() => show("review")));
  $("skip").addEventListener("click", clicked((event) => !isDouble(event) && answer(SKIP)));
  $("undo").addEventListener("click", clicked(undo));
  $("note").addEventListener("click", clicked(note));
  $("add").addEventListener("click", clicked(addClass));
  $("name").addEventListener("click", clicked(changeName));
  $("help").addEventListener("click", clicked(() => $("keys").showModal()));
  $("go-on").addEventListener("click", clicked(goOn));
  $("forget").addEventListener("click", clicked(() => {
    outbox.forget();
    showRefused();
  }));
  $("more").addEventListener("click", () => showReview(true));
  $("show").addEventListener("change", () => showReview());
  $("find").addEventListener("input", () => showClasses(current()));
  $("guesses").addEventListener("change", (event) => toggleGuesses(event.target.checked));
  $("guesses").checked = page.guesses;
  $("grid-all").addEventListener("click", clicked(() => [...$("cells").children].forEach((c) => choose(c, true))));
  $("grid-none").addEventListener("click", clicked(() => [...$("cells").children].forEach((c) => choose(c, false))));
  $("cells").addEventListener("click", (event) => {
    const cell = event.target.closest(".cell");
    if (cell) choose(cell);
  });
  $("classes").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (event.detail) button.blur();
    if (button.dataset.rename !== undefined) rename(Number(button.dataset.rename));
    else if (!isDouble(event)) answer(Number(button.dataset.class));
  });
  for (const format of ["csv", "label-studio", "coco"]) $(`as-${format}`).href = url("api/export", { as: format });
  window.addEventListener("beforeunload", (event) => {
    if (outbox && outbox.count) event.preventDefault();
  });
  show("one");
  refresh().then(() => listen(onEvent, onLost));
}

start();

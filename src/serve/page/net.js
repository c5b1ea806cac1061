// Requests to the server that this page came from, and presses that are sent until they are on its disk.
export const token = new URL(location.href).searchParams.get("token");

export const url = (path, query = {}) => `${path}?${new URLSearchParams({ ...query, token })}`;

export class Refused extends Error {
  constructor(status, words) {
    super(words);
    this.status = status;
  }
}

async function answer(response) {
  const text = await response.text();
  let value = {};
  try {
    value = JSON.parse(text);
  } catch {
    value = { error: text.trim() };
  }
  if (!response.ok) throw new Refused(response.status, value.error || `the server said ${response.status}`);
  return value;
}

const headers = { Authorization: `Bearer ${token}` };

export const get = async (path, query = {}) =>
  answer(await fetch(`${path}?${new URLSearchParams(query)}`, { headers }));

export const post = async (path, value) =>
  answer(await fetch(path, { method: "POST", headers, body: JSON.stringify(value), keepalive: true }));

// Calls take(value) for each event, lost(isLost, refused) as the server goes and comes. refused: it may be there, and does not let us listen.
export function listen(take, lost) {
  const source = new EventSource(url("api/events"));
  source.onopen = () => lost(false);
  source.onerror = () => {
    lost(true, source.readyState === EventSource.CLOSED);
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(take, lost), 2000);
  };
  source.onmessage = (event) => {
    lost(false);
    take(JSON.parse(event.data));
  };
}

export const newKey = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
};

// What outlives this page, in the browser's storage: an entry for each, as several windows have it in common.
const PENDING = "paydirt pending", REFUSED = "paydirt refused";
const stored = (action, other) => {
  try {
    return action();
  } catch {
    return other; // no storage: this window alone has it
  }
};
const put = (name, value) => stored(() => localStorage.setItem(name, JSON.stringify(value)));
const drop = (name) => stored(() => localStorage.removeItem(name));
const all = (kind, book) =>
  stored(() => Object.keys(localStorage), [])
    .filter((name) => name.startsWith(`${kind} ${book} `))
    .sort()
    .map((name) => ({ ...stored(() => JSON.parse(localStorage.getItem(name)), {}), name }))
    .filter((entry) => entry.words);

// One request after the other, in order, all for one book of answers. What is not saved yet is sent by the page that is loaded next,
// too: the server knows a press by its key and keeps it once.
export class Outbox {
  constructor(book, changed) {
    this.book = book;
    this.changed = changed;
    this.busy = false;
    this.failed = "";
    this.sent = 0;
    this.waiting = all(PENDING, book).filter((entry) => entry.sent && Array.isArray(entry.sent.presses));
    if (this.waiting.length) this.run();
  }

  get count() {
    return this.waiting.reduce((n, w) => n + w.sent.presses.length, 0);
  }

  // What an earlier page had pressed and the server did not take, as {name, words}, until it is forgotten.
  get refused() {
    return all(REFUSED, this.book);
  }

  forget() {
    for (const { name } of this.refused) drop(name);
  }

  // words: what is pressed, for people. Resolves with the server's answer.
  send(who, presses, words) {
    return new Promise((done, refused) => {
      const order = `${Date.now()} ${String(this.sent++).padStart(6, "0")} ${newKey()}`;
      const entry = { name: `${PENDING} ${this.book} ${order}`, words, sent: { book: this.book, who, presses } };
      put(entry.name, { words, sent: entry.sent });
      this.waiting.push({ ...entry, done, refused });
      this.changed(this);
      this.run();
    });
  }

  refuse(entry, error) {
    if (entry.refused) return entry.refused(error);
    put(entry.name.replace(PENDING, REFUSED), { words: `${entry.words} (${error.message})` });
  }

  async run() {
    if (this.busy) return;
    this.busy = true;
    while (this.waiting.length) {
      const first = this.waiting[0];
      try {
        const value = await post("api/press", first.sent);
        this.failed = "";
        this.waiting.shift();
        if (first.done) first.done(value);
        drop(first.name);
      } catch (error) {
        if (error instanceof Refused && ![401, 429, 500, 503].includes(error.status)) {
          this.waiting.shift();
          this.refuse(first, error);
          drop(first.name);
        } else {
          this.failed = error instanceof Refused ? error.message : "the server does not answer";
          this.changed(this);
          await new Promise((wake) => setTimeout(wake, 1000));
        }
      }
      this.changed(this);
    }
    this.busy = false;
  }
}

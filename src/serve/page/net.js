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

// Calls take(value) for each event, lost(isLost) as the server goes and comes.
export function listen(take, lost) {
  const source = new EventSource(url("api/events"));
  source.onopen = () => lost(false);
  source.onerror = () => {
    lost(true);
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

// One request after the other, in order. What is not saved yet also lies in the browser's storage, for the page that is loaded
// next: the server knows a press by its key and keeps it once.
export class Outbox {
  constructor(name, changed) {
    this.store = `paydirt pending ${name}`;
    this.changed = changed;
    this.waiting = [];
    this.busy = false;
    this.failed = "";
    for (const sent of this.kept()) this.waiting.push({ sent, done: () => {}, refused: () => {} });
    if (this.waiting.length) this.run();
  }

  kept() {
    try {
      return JSON.parse(localStorage.getItem(this.store)) || [];
    } catch {
      return [];
    }
  }

  keep() {
    try {
      localStorage.setItem(this.store, JSON.stringify(this.waiting.map((w) => w.sent)));
    } catch {
      // no storage: this window alone has them
    }
    this.changed(this);
  }

  get count() {
    return this.waiting.reduce((n, w) => n + w.sent.presses.length, 0);
  }

  // Resolves with the server's answer.
  send(who, presses) {
    return new Promise((done, refused) => {
      this.waiting.push({ sent: { who, presses }, done, refused });
      this.keep();
      this.run();
    });
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
        first.done(value);
      } catch (error) {
        if (error instanceof Refused && ![401, 429, 500, 503].includes(error.status)) {
          this.waiting.shift();
          first.refused(error);
        } else {
          this.failed = error instanceof Refused ? error.message : "the server does not answer";
          this.changed(this);
          await new Promise((wake) => setTimeout(wake, 1000));
        }
      }
      this.keep();
    }
    this.busy = false;
  }
}

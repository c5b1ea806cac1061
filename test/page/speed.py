"""From a key's press to the next image, decoded and in the frame that is drawn next; and from the server's side, until the answer is saved.
Beside it, what the browser takes at the same moments for an image that is shown already, which is the machine's load and no work of ours.

    PAYDIRT=build/paydirt python3 test/page/speed.py FOLDER RUN [presses]
"""
import os
import sys

import browser as b
from common import Server

LOOP = """
const done = arguments[arguments.length - 1], presses = arguments[0], key = document.querySelector("button.class kbd").textContent.toLowerCase();
const stage = document.querySelector("#stage"), saved = document.querySelector("#saved");
const until = (what) => new Promise((ok) => { const look = () => (what() ? ok() : setTimeout(look, 0)); look(); });
(async () => {
  const handled = [], shown = [], kept = [], idle = [];
  for (let i = 0; i < presses; i++) {
    const before = stage.dataset.image, begin = performance.now();
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    handled.push(performance.now() - begin);
    await until(() => stage.dataset.image !== before);
    await stage.firstChild.decode();
    shown.push(performance.now() - begin);
    await until(() => saved.textContent === "all saved");
    kept.push(performance.now() - begin);
    await new Promise((wake) => setTimeout(wake, 20));
    const nothing = performance.now();
    await stage.firstChild.decode();
    idle.push(performance.now() - nothing);
  }
  done([handled, shown, kept, idle]);
})();
"""


def part(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(p * len(values)))]


def main(folder, run, presses=500):
    with Server(folder, "label", run) as server, b.Browser() as tab:
        tab.go(server.url)
        tab.wait("document.querySelector('#stage img')?.complete", "an image")
        tab.call("POST", "/timeouts", {"script": 300000})
        for name, values in zip(("the page's own work", "next image", "saved", "an image that is there"), tab.js_async(LOOP, int(presses))):
            print(f"{name}: median {part(values, 0.5):.1f} ms, p99 {part(values, 0.99):.1f} ms, most {max(values):.1f} ms of {len(values)}")
        print(f"load {os.getloadavg()[0]:.1f}")
        with open(f"/proc/{server.process.pid}/status") as f:
            print(*(line.strip() for line in f if line.startswith("VmHWM")))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The page on which people answer, in a real browser: 200 images of ten classes by keyboard, with undo, skip, a class that is added, a reload
in the middle and two tabs at once; what its server has at the end is what was pressed."""
import json
import math
import random
import re
import sys

import browser as b
from common import CLASSES, Scratch, Server, book_id, main, make_pool, paydirt, presses, standing, start_run

POOL = 200
KEYS = "1234567890"
# Of every control and image the words for those who do not see it; contrast; what axe-core calls serious.
CHECKS = open(f"{__file__.rsplit('/', 1)[0]}/accessible.js").read()


LISTENER = """
window.pressed = [];
window.addEventListener("keydown", (e) => {
  const shown = !document.querySelector("#one").hidden && !document.querySelector("dialog[open]") && document.querySelector("#stage img").complete;
  const image = shown && document.querySelector("#overtaken").hidden ? document.querySelector("#stage").dataset.image : null;
  window.pressed.push([image, e.key]);
}, true);
"""


class Witness:
    """Hears in each tab what is pressed while which image is shown: what the server must have in the end."""

    def __init__(self):
        self.said = {}  # image -> label
        self.order = []  # images, the last answered one last
        self.answers = self.undone = 0
        self.classes = dict(zip(KEYS, CLASSES)) | {" ": "skip"}

    def opens(self, tab, url):
        tab.go(url)
        tab.wait("document.querySelector('#stage img')?.complete", "an image")
        tab.js(LISTENER)

    def hears(self, tab):
        for image, key in tab.js("return window.pressed.splice(0)"):
            if key == "Backspace":
                self.undone += 1
                self.said.pop(self.order.pop())
            elif image is not None and key in self.classes:
                name = f"{int(image):04d}.png"
                assert name not in self.said, f"{name} is asked again"
                self.said[name] = self.classes[key]
                self.order.append(name)
                self.answers += 1


def is_saved(tab):
    tab.wait("document.querySelector('#saved').textContent === 'all saved'", "all saved")


def add_a_class(tab, name):
    tab.press("C")
    tab.wait("document.querySelector('dialog[open]')", "the dialog opens")
    tab.press(name + b.ENTER)
    tab.wait(f"[...document.querySelectorAll('button.class span')].some(s => s.textContent === '{name}')", f"the class {name}")
    tab.wait("!document.querySelector('dialog[open]')", "the dialog closes")


def undo_after_reload(tab, heard):
    last = heard.order[-1]
    tab.press(b.BACKSPACE)
    is_saved(tab)
    tab.wait(f"document.querySelector('#stage').dataset.image === '{int(last[:4])}'", "the last image is asked again")


def answer_in_two_tabs(tab, heard, url, draw):
    first = tab.windows()[0]
    second = tab.new_window()
    heard.opens(tab, url)
    for turn in range(40):
        tab.to_window(first if turn % 2 else second)
        tab.press(draw.choices(KEYS, k=12))
        is_saved(tab)
        heard.hears(tab)
        if len(heard.said) == POOL:
            break
        other = first if turn % 2 == 0 else second
        open_images = POOL - len(heard.said)
        tab.to_window(other)
        tab.wait(f"document.querySelector('#left').textContent.startsWith('{open_images} of')", "the other tab hears of it")


def labels_the_pool(tab):
    draw = random.Random(7)
    heard = Witness()
    with Scratch() as folder:
        make_pool(f"{folder}/pool", POOL)
        run = start_run(folder, POOL)
        with Server(folder, "label", run) as server:
            heard.opens(tab, server.url)
            tab.press([k for i in range(30) for k in [draw.choice(KEYS + " ")] + ([b.BACKSPACE] if i % 6 == 4 else [])])
            add_a_class(tab, "fish")
            heard.classes["a"] = "fish"
            tab.press(draw.choices(KEYS + "aaa", k=40))
            is_saved(tab)
            heard.hears(tab)
            heard.opens(tab, server.url)
            undo_after_reload(tab, heard)
            tab.press(draw.choices(KEYS + "a", k=20))
            is_saved(tab)
            heard.hears(tab)
            answer_in_two_tabs(tab, heard, server.url, draw)
            tab.wait("document.querySelector('#idle-title').textContent === 'All answered'", "the end")
            complaints = tab.complaints()
            assert not complaints, complaints
            tab.press(b.ENTER)  # go on
            out, code = server.process.communicate(timeout=20)[0], server.process.returncode
            assert code == 0 and "active --resume" in out, out
        rows = presses(folder, run)
        said = standing(rows)
        assert len(said) == POOL and all(len(labels) == 1 for labels in said.values()), "not every answer is there once"
        assert {i: labels[0] for i, labels in said.items()} == heard.said, "the book is not what was pressed"
        counts = {k: sum(r["kind"] == k for r in rows) for k in ("answer", "undo", "class")}
        assert counts == {"answer": heard.answers, "undo": heard.undone, "class": 1}, counts
        assert heard.undone == 6 and "fish" in heard.said.values() and "skip" in heard.said.values()
        paydirt(folder, "label", run, "--export", "csv", "--out", "all.csv")
        csv = dict(line.split(",") for line in open(f"{folder}/all.csv").read().split()[1:])
        assert csv == heard.said, "the export is not what was pressed"


def sends_what_was_left(tab, folder, run, server):
    """Presses in the browser's storage, as a page leaves them that was closed: for this run, one of them in vain, and for another."""
    book = book_id(folder, run)
    rows = presses(folder, run)
    name = next(r["image"] for r in rows if r["kind"] == "answer")
    press = {"image": int(name[:4]), "label": 5, "was": 0}
    left = [(book, {**press, "kind": "answer"}), (book, {**press, "kind": "note", "text": "left"}), ("0" * 16, {**press, "kind": "note", "text": "another"})]
    for i, (where, one) in enumerate(left):
        entry = {"words": f"{name}: {one['kind']}", "sent": {"book": where, "who": "me", "presses": [{**one, "key": f"left-by-a-page-{i}"}]}}
        tab.js("localStorage.setItem(arguments[0], arguments[1])", f"paydirt pending {where} 1 {i:06d} x", json.dumps(entry))
    for _ in range(2):  # it stays until somebody has read it
        tab.go("about:blank")
        tab.go(server.url)
        tab.wait(f"document.querySelector('#refused').textContent.includes('{name}: answer (meanwhile it was answered')", "what was not taken is named")
        tab.wait(f"!Object.keys(localStorage).some((n) => n.startsWith('paydirt pending {book}'))", "the rest is sent")
    check(tab, "what was not taken")
    tab.click("#forget")
    assert tab.js("return document.querySelector('#refused').hidden")
    complaints = tab.complaints()
    assert len(complaints) == 1 and "409" in complaints[0], complaints
    kept = tab.js("return Object.keys(localStorage).filter((n) => /^paydirt (pending|refused)/.test(n))")
    assert kept == [f"paydirt pending {'0' * 16} 1 000002 x"], kept
    assert [r["text"] for r in presses(folder, run)[len(rows):]] == ["left"]


def chooses_in_the_grid_and_settles(tab):
    with Scratch() as folder:
        make_pool(f"{folder}/pool", 30)
        run = start_run(folder, 12)
        with Server(folder, "label", run, "--people", "2") as server:
            tab.go(server.url)
            tab.wait("document.querySelector('#stage img')?.complete", "an image")
            check(tab, "one image")
            tab.press("G")
            tab.click(".cell:nth-child(1)")
            tab.click(".cell:nth-child(2)")
            tab.click(".cell:nth-child(3)")
            check(tab, "the grid")
            tab.press("4")
            tab.wait("document.querySelectorAll('.cell').length === 9", "three are gone")
            is_saved(tab)
            tab.press(b.BACKSPACE)  # all three come back
            tab.wait("document.querySelectorAll('.cell').length === 12", "they are back")
            tab.click("#grid-all")
            tab.press("4")
            tab.wait("document.querySelectorAll('.cell').length === 0", "all are gone")
            is_saved(tab)
            tab.click("#name")
            tab.press("eve" + b.ENTER)
            tab.wait("document.querySelectorAll('.cell').length === 12", "another person is asked, too")
            tab.click(".cell:nth-child(1)")
            tab.press("3")
            tab.wait("document.querySelectorAll('.cell').length === 11", "one is gone")
            tab.click("#grid-all")
            tab.press("4")
            is_saved(tab)
            tab.press("R")
            tab.wait("document.querySelectorAll('.card').length === 12", "twelve answers")
            tab.js("const s = document.querySelector('#show'); s.value = 'disputed'; s.dispatchEvent(new Event('change'))")
            tab.wait("document.querySelectorAll('.card').length === 1", "one that people disagree on")
            tab.wait("document.querySelector('#agreement td')", "how far they agree")
            check(tab, "the answers")
            tab.click(".card")
            tab.press("3")
            tab.wait("document.querySelectorAll('.card').length === 0", "it is settled")
            is_saved(tab)
            complaints = tab.complaints()
            assert not complaints, complaints
            sends_what_was_left(tab, folder, run, server)
            tab.go("about:blank")  # before its server goes
        rows = presses(folder, run)
        assert sum(r["kind"] == "settle" for r in rows) == 1
        csv = f"{folder}/all.csv"
        paydirt(folder, "label", run, "--export", "csv", "--out", csv)
        assert sorted(re.findall(r",(\w+)$", open(csv).read(), re.M)) == ["bird"] + 11 * ["cat"] + ["label"]


def undoes_what_the_run_has(tab, folder, run, line):
    tab.press(b.ESCAPE + "O")
    tab.wait("document.querySelector('#why').textContent.includes('of 8') && document.querySelector('#stage img').complete", "an image")
    tab.press("1")
    is_saved(tab)
    paydirt(folder, "active", "--resume", run)
    tab.wait("document.querySelector('#left').textContent === '5 of 5 left'", "what is asked now")
    tab.press(b.BACKSPACE)
    tab.wait(f"({line}).startsWith('The run has an answer to this already and keeps it: airplane.')", "what the run keeps")


def keeps_keys(tab, server):
    """Whatever is added later, and by whom."""
    names = "ant bee cat dog eel fox gnu hen ibis jay kiwi lynx".split()
    keys = tab.js("""
        return import(`./keys.js?token=${arguments[1]}`).then(({ keysOf }) => {
          const classes = arguments[0].map((name) => ({ name, shown: name, added: false }));
          const more = [...classes, { name: "b", shown: "b", added: true }, { name: "z", shown: "z", added: true }];
          const before = keysOf(classes);
          return [before, keysOf(more), keysOf(more, new Map(classes.map((c, i) => [c.name, before[i]])))].map((k) => k.join(""));
        })""", names, server.token)
    assert keys == ["1234567890ab", "1234567890abcz", "1234567890abcz"], keys


def keeps_what_is_on_the_screen(tab):
    """Others answer meanwhile: no press counts for another image than the one that is seen, and none settles what has changed."""
    with Scratch() as folder:
        make_pool(f"{folder}/pool", 12)
        run = start_run(folder, 8)
        with Server(folder, "label", run) as server:
            shown = "document.querySelector('#stage').dataset.image"
            line = "document.querySelector('#overtaken').hidden ? '' : document.querySelector('#overtaken').textContent"
            server.get("/api/queue?who=ann&window=anns-window")
            tab.go(server.url)
            tab.wait("document.querySelector('#stage img')?.complete", "an image")
            first = int(tab.js(f"return {shown}"))
            anns = [i["image"] for i in server.get("/api/queue?who=ann&window=anns-window&n=4")["images"]]
            assert first not in anns, "both begin with the same image"
            server.press("ann", kind="answer", image=first, label=3)
            tab.wait(f"({line}).startsWith('ann has answered this: cat.')", "the line")
            check(tab, "an image that was answered")
            assert int(tab.js(f"return {shown}")) == first, "it is gone"
            tab.press("5")
            tab.wait(f"{shown} !== '{first}' && !({line})", "the next image")
            tab.wait("document.querySelector('#stage img').complete", "its picture")
            second = int(tab.js(f"return {shown}"))
            tab.js("document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '(', code: 'Digit5', bubbles: true }))")  # AZERTY
            is_saved(tab)
            assert {r["image"]: r["label"] for r in presses(folder, run)} == {f"{first:04d}.png": "cat", f"{second:04d}.png": "deer"}
            was = server.press("ann", kind="answer", image=second, label=3)["ids"][0]
            tab.press("R")
            tab.wait("document.querySelector('.card.disputed')", "they disagree")
            tab.click(".card.disputed")
            server.press("ann", kind="answer", image=second, label=4, was=was)
            tab.wait(f"({line}).startsWith('Meanwhile people say of this:')", "what they say now")
            tab.press("3")
            tab.wait(f"!({line}) && document.querySelector('#why').textContent.includes('ann: deer')", "it is shown anew")
            assert not any(r["kind"] == "settle" for r in presses(folder, run))
            undoes_what_the_run_has(tab, folder, run, line)
            keeps_keys(tab, server)
            complaints = tab.complaints()
            assert not complaints, complaints
            tab.go("about:blank")


EPOCHS = 200
READ = """
const open = [...document.querySelectorAll("figure details")];
open.forEach((d) => (d.open = true));
return new Promise((done) => setTimeout(() => {
  const rows = [...document.querySelectorAll("figure tbody tr")].map((r) => [...r.children].map((c) => c.textContent));
  const latest = Object.fromEntries([...document.querySelectorAll("[data-key]")].map((e) => [e.dataset.key, e.dataset.value]));
  const paint = performance.getEntriesByType("paint").find((p) => p.name === "first-contentful-paint");
  done({ rows, latest, paint: paint.startTime });
}, 50));
"""


def watches_a_run(tab):
    """A run of 200 epochs whose last ones come while it is watched."""
    with Scratch() as folder:
        paydirt(folder, "train", "--data", "synthetic", "--data-count", "200", "--model", "mlp", "--width", "0.05", "--batch", "32", "--min-epoch", "128",
                "--epochs", "1", "--threads", "1")
        path = f"{folder}/runs/00000-synthetic-mlp"
        options = open(f"{path}/options.json").read().replace('"epochs": 1,', f'"epochs": {EPOCHS},')
        open(f"{path}/options.json", "w").write(options)
        lines = [json.dumps({"epoch": i, "step": 4 * i, "d_adv": 1 / i, "g_adv": math.sin(i), "mean_d": -2.5 + i / 7, "images_per_second": 100 + i}) + "\n"
                 for i in range(1, EPOCHS + 1)]
        with Server(folder, "watch", "runs/00000-synthetic-mlp") as server, open(f"{path}/log.jsonl", "w") as log:
            log.writelines(lines[:-1])
            log.flush()
            tab.go(server.url)
            tab.wait(f"document.querySelector('.run progress')?.value >= {EPOCHS - 1}", "the run")
            log.write(lines[-1])
            log.flush()
            tab.wait(f"document.querySelector('.run progress')?.value === {EPOCHS}", "its last epoch")
            tab.wait("document.querySelectorAll('img.chart').length === 3 && [...document.images].every((i) => i.complete)", "its curves")
            check(tab, "the page to watch")
            said = tab.js(READ)
            used = heap(tab)
            complaints = tab.complaints()
            assert not complaints, complaints
            tab.go("about:blank")
        records = [json.loads(line) for line in lines]
        assert {k: float(v) for k, v in said["latest"].items()} == {k: v for k, v in records[-1].items() if k not in ("epoch", "step")}, said["latest"]
        shown = {(name, float(x)): float(y) for name, x, y in said["rows"]}
        logged = {(k, float(r["epoch"])): float(r[k]) for r in records for k in r if k not in ("epoch", "step")}
        assert shown == logged, "values are not those of log.jsonl"
        print(f"first paint of {EPOCHS} epochs: {said['paint']:.0f} ms; {used:.1f} MB")
        assert said["paint"] <= 1000 and used <= 50
        reports_a_run(tab, folder, "runs/00000-synthetic-mlp")
        watches_many_epochs(tab, folder, path)


def watches_many_epochs(tab, folder, path):
    """Thousands are thinned before they come to the page."""
    with open(f"{path}/log.jsonl", "w") as log:
        for i in range(1, 20001):
            log.write(json.dumps({"epoch": i, "step": 4 * i, "d_adv": 1 / i, "g_adv": math.sin(i), "mean_d": -2.5 + i / 7, "images_per_second": 100 + i}) + "\n")
    with Server(folder, "watch", "runs/00000-synthetic-mlp") as server:
        tab.go(server.url)
        tab.wait("document.body.dataset.ready && document.querySelectorAll('img.chart').length === 3 && [...document.images].every((i) => i.complete)", "its curves")
        said = tab.js(READ)
        used = heap(tab)
        assert 3000 < len(said["rows"]) <= 5000, len(said["rows"])
        print(f"of 20,000 epochs: first paint {said['paint']:.0f} ms; {used:.1f} MB")
        assert used <= 50
        tab.go("about:blank")


def check(tab, what):
    for scheme in ("dark", "light"):
        tab.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        found = tab.js(CHECKS)
        assert not found, f"{what}, {scheme}: {found}"


def reports_a_run(tab, folder, run):
    paydirt(folder, "report", run, "--out", "report.html")
    tab.go(f"file://{folder}/report.html")
    tab.wait("[...document.images].every((i) => i.complete && i.naturalWidth)", "its pictures")
    check(tab, "the report")
    loaded = tab.js("return performance.getEntriesByType('resource').map((e) => e.name).filter((n) => !n.startsWith('data:'))")
    assert not loaded, loaded


def heap(tab):
    """Megabytes that the page's scripts hold."""
    tab.cdp("Performance.enable")
    values = {m["name"]: m["value"] for m in tab.cdp("Performance.getMetrics")["metrics"]}
    return values["JSHeapUsedSize"] / 2**20


def labels_with_a_finger(_):
    with Scratch() as folder, b.Browser(390, 780, phone=True) as tab:
        make_pool(f"{folder}/pool", 12)
        run = start_run(folder, 12)
        with Server(folder, "label", run) as server:
            tab.go(server.url)
            tab.wait("document.querySelector('#stage img')?.complete", "an image")
            check(tab, "the page on a phone")
            wide = tab.js("return [document.documentElement.scrollWidth, innerWidth]")
            assert wide[0] <= wide[1], f"{wide[0]} pixels on {wide[1]}"
            for class_number in (2, 5):
                tab.tap(f"button.class[data-class='{class_number}']")
                is_saved(tab)
            tab.tap("#skip")
            is_saved(tab)
            tab.tap("#undo")
            is_saved(tab)
            tab.wait("document.querySelector('#left').textContent.startsWith('10 of')", "one is back")
            tab.go("about:blank")
        said = [r["label"] for r in presses(folder, run) if r["kind"] == "answer"]
        assert said == [CLASSES[2], CLASSES[5], "skip"], said


if __name__ == "__main__":
    sys.exit(main([watches_a_run, chooses_in_the_grid_and_settles, keeps_what_is_on_the_screen, labels_with_a_finger, labels_the_pool], b.missing() and f"no browser: install {b.missing()}", b.Browser))

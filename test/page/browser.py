"""Debian's Chromium without a window, driven through chromium-driver with Python's own modules alone."""
import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ENTER, BACKSPACE, ESCAPE, RIGHT, LEFT, SHIFT, TAB = "\ue007", "\ue003", "\ue00c", "\ue014", "\ue012", "\ue008", "\ue004"


def missing():
    """What there is to install, or None."""
    lacking = [p for p, program in (("chromium", "chromium"), ("chromium-driver", "chromedriver")) if not shutil.which(program)]
    return " ".join(lacking) or None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Browser:
    def __init__(self, width=1280, height=800, dark=False, phone=False, insecure=False):
        self.port = free_port()
        self.home = tempfile.mkdtemp(prefix="paydirt-browser-")
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}", "--log-level=SEVERE"], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, env={**os.environ, "HOME": self.home}, start_new_session=True)
        self.base = f"http://127.0.0.1:{self.port}"
        self.session = None
        for _ in range(200):
            try:
                if self.call("GET", "/status")["ready"]:
                    break
            except OSError:
                time.sleep(0.05)
        arguments = ["--headless=new", f"--window-size={width},{height}", f"--user-data-dir={self.home}/profile", "--disable-gpu",
                     "--no-first-run", "--disable-dev-shm-usage", "--hide-scrollbars", "--disable-background-networking"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        options = {"args": arguments}
        if phone:
            options["mobileEmulation"] = {"deviceMetrics": {"width": width, "height": height, "pixelRatio": 2, "touch": True}}
        wanted = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "acceptInsecureCerts": insecure, "goog:chromeOptions": options,
                                                   "goog:loggingPrefs": {"browser": "ALL"}}}}
        self.session = self.call("POST", "/session", wanted)["sessionId"]
        if dark:
            self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])

    def call(self, method, path, body=None):
        path = path if not self.session else f"/session/{self.session}{path}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=300) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"].split("\n")[0]) from None

    def cdp(self, command, **params):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def go(self, url):
        self.call("POST", "/url", {"url": url})

    def js(self, script, *args):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(args)})

    def js_async(self, script, *args):
        return self.call("POST", "/execute/async", {"script": script, "args": list(args)})

    def press(self, keys, shift=False):
        """One key after the other, as from a keyboard."""
        actions = []
        for key in keys:
            if shift:
                actions.append({"type": "keyDown", "value": SHIFT})
            actions += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
            if shift:
                actions.append({"type": "keyUp", "value": SHIFT})
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def click(self, selector, tries=5):
        element = self.call("POST", "/element", {"using": "css selector", "value": selector})
        try:
            self.call("POST", f"/element/{list(element.values())[0]}/click", {})
        except RuntimeError as error:
            if "stale element" not in str(error) or tries == 1:
                raise
            self.click(selector, tries - 1)  # the page has drawn it anew meanwhile

    def tap(self, selector):
        """A finger on the middle of an element, which is scrolled to first."""
        x, y = self.js("const e = document.querySelector(arguments[0]); e.scrollIntoView({ block: 'center' }); const r = e.getBoundingClientRect();"
                       "return [r.x + r.width / 2, r.y + r.height / 2]", selector)
        self.cdp("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        self.cdp("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def wait(self, condition, what, seconds=15):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.js(f"return {condition}"):
                return
            time.sleep(0.02)
        raise AssertionError(f"{what}: not within {seconds} s; banner: {self.js('return document.querySelector(`#banner`)?.textContent')}")

    def windows(self):
        return self.call("GET", "/window/handles")

    def new_window(self):
        handle = self.call("POST", "/window/new", {"type": "tab"})["handle"]
        self.to_window(handle)
        return handle

    def to_window(self, handle):
        self.call("POST", "/window", {"handle": handle})

    def picture(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("GET", "/screenshot")))

    def complaints(self):
        """What the browser's console has said since the last call."""
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"}) if entry["level"] in ("SEVERE", "WARNING")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("DELETE", "")
        except (OSError, RuntimeError):
            pass
        os.killpg(self.driver.pid, signal.SIGTERM)  # a browser that has lost its driver would stay
        self.driver.wait()
        shutil.rmtree(self.home, ignore_errors=True)

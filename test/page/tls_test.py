"""The page over TLS with a certificate of one's own, as others in the same network open it: labels go in, and nothing does in clear."""
import http.client
import json
import shutil
import socket
import ssl
import subprocess
import sys

import browser as b
from common import CLASSES, Scratch, Server, main, make_pool, paydirt, presses, start_run


def make_certificate(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=paydirt test",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ask(server, context, method, path, body=None, token=None, more=None):
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=10, context=context)
    connection.request(method, path, body, {"Authorization": f"Bearer {token or server.token}", **(more or {})})
    reply = connection.getresponse()
    text = reply.read()
    connection.close()
    return reply.status, text


def press(server, context, image, label, more=None):
    one = {"kind": "answer", "key": f"tls-{image:08d}", "image": image, "label": label, "was": 0}
    return ask(server, context, "POST", "/api/press", json.dumps({"who": "ann", "presses": [one]}), more=more)


def in_clear(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as s:
        s.sendall(f"GET /api/state HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode())
        try:
            return s.recv(4096)
        except OSError:
            return b""


def distrusts(server):
    try:
        ask(server, ssl.create_default_context(), "GET", "/api/state")
    except ssl.SSLCertVerificationError:
        return True
    return False


def in_a_browser(server):
    if b.missing():
        print(f"without a browser: install {b.missing()}")
        return 0
    with b.Browser(insecure=True) as tab:
        tab.go(server.url)
        tab.wait("document.querySelector('#stage img')?.complete", "an image")
        assert tab.js("return isSecureContext && location.protocol === 'https:'")
        tab.press("3")
        tab.wait("document.querySelector('#saved').textContent === 'all saved'", "all saved")
        complaints = tab.complaints()
        assert not complaints, complaints
        tab.go("about:blank")
    return 1


def labels_go_in_over_tls():
    with Scratch() as folder:
        make_pool(f"{folder}/pool", 12)
        run = start_run(folder, 12)
        make_certificate(folder, "page")
        make_certificate(folder, "other")
        words = ["label", run, "--listen", "0.0.0.0", "--certificate", "page.pem", "--key"]
        other = paydirt(folder, *words, "other.key", fails=True)
        assert other.returncode and "no certificate and its key" in other.stderr, other.stderr
        with Server(folder, *words, "page.key") as server:
            assert server.url.startswith("https://"), server.url
            server.url = f"https://127.0.0.1:{server.port}/?token={server.token}"
            trusts = ssl.create_default_context(cafile=f"{folder}/page.pem")
            assert distrusts(server), "a certificate that nobody vouches for was taken"
            assert ask(server, trusts, "GET", "/api/state")[0] == 200
            assert ask(server, trusts, "GET", "/api/state", token="0" * 32)[0] == 401
            assert ask(server, trusts, "GET", "/api/state", more={"Host": "evil.example"})[0] == 421
            assert press(server, trusts, 0, 4, {"Origin": f"http://127.0.0.1:{server.port}"})[0] == 403  # a page that came in clear
            for image in range(5):
                status, text = press(server, trusts, image, image, {"Origin": f"https://127.0.0.1:{server.port}"})
                assert status == 200, text
            assert b"200" not in in_clear(server), "answered without TLS"
            more = in_a_browser(server)
            out, code = server.stop()
            assert code == 0, (out, code)
        rows = presses(folder, run)
        assert [(r["image"], r["label"]) for r in rows[:5]] == [(f"{i:04d}.png", CLASSES[i]) for i in range(5)], rows
        assert len(rows) == 5 + more and all(r["label"] == CLASSES[2] for r in rows[5:]), rows


if __name__ == "__main__":
    lacking = None if shutil.which("openssl") else "no openssl"
    sys.exit(main([labels_go_in_over_tls], lacking))

"""A web server with a mirror's faults, for the tests. Serves the folder FOLDER on a free port, which it prints first; each
request is a line "PATH RANGE" in LOG. The first part of a path says what goes wrong:

    /ok/FILE          nothing
    /cut/N/FILE       the connection breaks after N bytes
    /once/N/FILE      the same, but only the first time
    /stall/N/FILE     no more bytes come after N
    /norange/FILE     Range is ignored
    /nolength/FILE    does not say how many bytes come
    /blind/FILE       both
    /wrong/FILE       a byte in the middle is another one
    /login/FILE       a page of HTML
    /moved/FILE       sends to /ok/FILE
    /missing/FILE     404

python3 mirror.py FOLDER LOG
"""

import http.server
import os
import sys
import time

FOLDER, LOG = sys.argv[1], sys.argv[2]
SEEN = set()


class Mirror(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def start(self, code, length=None, headers=()):
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def give(self, how, most, content):
        """The content or the part asked for, of which only most bytes are sent."""
        asked = self.headers.get("Range")
        first = int(asked[len("bytes="):].rstrip("-")) if asked and how not in ("norange", "blind") else 0
        part, headers = content[first:], []
        if first:
            headers = [("Content-Range", "bytes %d-%d/%d" % (first, len(content) - 1, len(content)))]
        self.start(206 if first else 200, None if how in ("nolength", "blind") else len(part), headers)
        self.wfile.write(part[:most])
        self.wfile.flush()
        if how == "stall":
            time.sleep(60)

    def do_GET(self):
        with open(LOG, "a") as log:
            log.write("%s %s\n" % (self.path, self.headers.get("Range", "-")))
        _, how, *rest = self.path.split("/")
        with open(os.path.join(FOLDER, rest[-1]), "rb") as f:
            content = f.read()
        most = int(rest[0]) if len(rest) > 1 else len(content)
        if how == "once" and self.path in SEEN:
            most = len(content)
        SEEN.add(self.path)
        if how == "wrong":
            middle = len(content) // 2
            content = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:]
        if how == "login":
            content = b"<html>log in first</html>"
        if how == "missing":
            self.start(404, 0)
        elif how == "moved":
            self.start(302, 0, [("Location", "/ok/" + rest[-1])])
        else:
            self.give(how, most, content)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()

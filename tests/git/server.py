"""A Git server over HTTPS: `git http-backend` behind a user and a password.

server.py ROOT CERTIFICATE KEY PASSWORD LOG prints its port. ROOT holds bare
repositories. LOG gets a line `host method path user` a request; the user is `-` without
credentials. Paths that begin so are not Git:

  /elsewhere/  redirects to the host `localhost`
  /hang/       asks for credentials, and then says nothing
  /broken/     fails with 503
"""

import base64
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT, CERTIFICATE, KEY, PASSWORD, LOG = sys.argv[1:6]
lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer in parts would wait for the client's delayed acknowledgements.
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_):
        pass

    def end(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def credentials(self):
        kind, _, rest = self.headers.get("Authorization", "").partition(" ")
        if kind != "Basic":
            return "-", ""
        user, _, password = base64.b64decode(rest).decode().partition(":")
        return user, password

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        # The client sends each part when the one before is acknowledged, which the system puts off.
        at_once = (socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        self.connection.setsockopt(*at_once)
        while size := int(self.rfile.readline().split(b";")[0], 16):
            self.connection.setsockopt(*at_once)
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def answer(self):
        path, _, query = self.path.partition("?")
        user, password = self.credentials()
        with lock, open(LOG, "a", encoding="utf-8") as log:
            log.write(f"{self.headers['Host']} {self.command} {path} {user}\n")
        body = self.body()
        if path.startswith("/elsewhere/"):
            port = self.server.server_address[1]
            place = f"https://localhost:{port}/{self.path.removeprefix('/elsewhere/')}"
            return self.end(302, [("Location", place)])
        if path.startswith("/broken/"):
            return self.end(503)
        if password != PASSWORD:
            return self.end(401, [("WWW-Authenticate", 'Basic realm="git"')])
        if path.startswith("/hang/"):
            time.sleep(600)
        return self.git(path, query, user, body)

    def git(self, path, query, user, body):
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": ROOT,
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": user,
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=environment, capture_output=True, check=False
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        status, headers = 200, []
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            if name == "Status":
                status = int(value.split()[0])
            elif name:
                headers.append((name, value))
        return self.end(status, headers, content)

    do_GET = do_POST = answer


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def finish_request(self, request, address):
        # Here and not where it is accepted, so that a client that says nothing holds up no other.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE, KEY)
        try:
            super().finish_request(context.wrap_socket(request, server_side=True), address)
        except OSError:
            # A client that does not trust the certificate goes without a word.
            pass


server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()

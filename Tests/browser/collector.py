"""A small collector of error reports, which reads Sentry's envelopes strictly, keeps every byte and answers as it is told."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Collector:
    """Listens on a free port of this machine while in use as a context."""

    key = "k3y0of0the0collector"

    def __init__(self, certificate=None):
        self.posts, self.connections = [], 0
        self.status, self.headers = 200, {}
        self.asked, self.may_answer = threading.Semaphore(0), threading.Event()
        self.may_answer.set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
            self.scheme = "https"

    @property
    def dsn(self):
        return f"{self.scheme}://{self.key}@127.0.0.1:{self.server.server_port}/7"

    def handler(collector):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                collector.connections += 1
                super().setup()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.posts.append(Post(self.path, dict(self.headers), body))
                collector.asked.release()
                collector.may_answer.wait()
                self.send_response(collector.status)
                for name, value in collector.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

            def handle(self):
                try:
                    super().handle()
                except (OSError, ssl.SSLError):  # the other side has gone, or trusts nobody here
                    pass

        return Handler

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.may_answer.set()
        self.server.shutdown()
        self.server.server_close()

    def forget(self):
        """As new, but for its port."""
        self.posts, self.connections, self.status, self.headers = [], 0, 200, {}
        self.asked, self.may_answer = threading.Semaphore(0), threading.Event()
        self.may_answer.set()

    @property
    def events(self):
        return [one.event for one in self.posts]

    @property
    def bytes(self):
        return b"\n".join(one.bytes for one in self.posts)


class Post:
    """What came in one request."""

    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body

    @property
    def bytes(self):
        return json.dumps([self.path, self.headers]).encode() + b"\n" + self.body

    @property
    def event(self):
        """The one event of the envelope. https://develop.sentry.dev/sdk/data-model/envelopes/"""
        head, item, payload, end = self.body.split(b"\n")
        assert end == b""
        head, item = json.loads(head), json.loads(item)
        assert item == {"type": "event", "content_type": "application/json", "length": len(payload)}
        assert self.headers["Content-Type"] == "application/x-sentry-envelope"
        event = json.loads(payload)
        assert set(head) == {"event_id", "sent_at"} and head["event_id"] == event["event_id"]
        return event

"""Probes at the front door, with a mechanism taken away: something stands before the server and spoils what it answers."""

import http.server
import re
import ssl
import threading

import httpx
import pytest

from installation import installation
from server import OUTPUT, free_ports
from test_trust import results


class Spoiler:
    """Stands before the server with the server's own certificate, passes everything on, and spoils what it is told to."""

    def __init__(self, home, context=None):
        self.spoil = None
        self.kept = {}
        self.port, self.plain_port = free_ports(2)
        context = context or ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(home.data / "tls" / "server.pem", home.data / "tls" / "server.key")
        self.upstream = home.client(http2=False)
        self.plain_upstream = httpx.Client(base_url=f"http://localhost:{home.http}")
        self.servers = [self.serve(self.port, context), self.serve(self.plain_port, None)]

    def serve(self, port, context):
        spoiler = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                question = Question(self.command, self.path, dict(self.headers), body, context is None)
                status, headers, content = spoiler.answer(question)
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = True

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.handle_error = lambda *_: None  # plain bytes on the TLS port are part of the probe
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def pass_on(self, question):
        upstream = self.plain_upstream if question.is_plain else self.upstream
        url = upstream.base_url.copy_with(raw_path=question.path.encode("latin-1"))
        headers = {name: value for name, value in question.headers.items() if name.lower() not in ("host", "connection")}
        answer = upstream.request(question.method, url, headers=headers, content=question.body)
        upstream.cookies.clear()
        kept = [(name, value) for name, value in answer.headers.multi_items()
                if name not in ("content-length", "connection", "transfer-encoding")]
        return answer.status_code, kept, answer.content

    def answer(self, question):
        if self.spoil:
            return self.spoil(self, question)
        return self.pass_on(question)

    def close(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()
        self.upstream.close()
        self.plain_upstream.close()


class Question:
    def __init__(self, method, path, headers, body, is_plain):
        self.method, self.path, self.headers, self.body, self.is_plain = method, path, headers, body, is_plain


@pytest.fixture(scope="module")
def front():
    with installation("probes") as own:
        own.limit(exports=60)  # as released: NET-3's check asks for it
        own.found()
        own.start()
        spoiler = Spoiler(own)
        # The server is where it was; whoever proves believes that it is here.
        listen = own.configuration()["listen"]
        listen["https"]["port"], listen["http"]["port"] = spoiler.port, spoiler.plain_port
        own.settings = own.settings | {"listen": listen}
        own.configure()
        own.spoiler = spoiler
        (OUTPUT / "removals.txt").unlink(missing_ok=True)
        yield own
        spoiler.close()


def prove(front, spoil, *ids):
    front.spoiler.spoil = spoil
    done = front.command("prove", *ids, timeout=600)
    return results(done), done.stdout


def without(header):
    def spoil(spoiler, question):
        status, headers, content = spoiler.pass_on(question)
        return status, [(name, value) for name, value in headers if name.lower() != header], content
    return spoil


def with_status(old, new, *, only=lambda question: True):
    def spoil(spoiler, question):
        status, headers, content = spoiler.pass_on(question)
        return new if status == old and only(question) else status, headers, content
    return spoil


def policy_with_a_hole(spoiler, question):
    status, headers, content = spoiler.pass_on(question)
    wider = [(name, value + "; frame-src https:" if name.lower() == "content-security-policy" else value) for name, value in headers]
    return status, wider, content


def script(spoiler, question):
    status, headers, content = spoiler.pass_on(question)
    return status, headers, content.replace(b"</body>", b"<script>steal()</script></body>")


def plain_pages(spoiler, question):
    if question.is_plain:
        return 200, [("content-type", "text/html")], b"<h1>Welcome</h1>"
    return spoiler.pass_on(question)


def cookie_for_all(spoiler, question):
    status, headers, content = spoiler.pass_on(question)
    return status, [(name, value.replace("; HttpOnly", "").replace("; httponly", "") if name == "set-cookie" else value)
                    for name, value in headers], content


def everybody_comes_in(spoiler, question):
    status, headers, content = spoiler.pass_on(question)
    if question.path.startswith("/sign-in/back/"):
        return 303, [("location", "/patients"), ("set-cookie", "__Host-carekeep=abc; Secure; HttpOnly; Path=/")], b""
    return status, headers, content


def sessions_that_go_on(spoiler, question):
    if question.method == "DELETE":
        return 204, [], b""
    return spoiler.pass_on(question)


def devices_that_stay(spoiler, question):
    """Says that another device was signed out, and leaves it."""
    if question.method == "POST" and question.path == "/account/sessions":
        return 303, [("location", "/account/sessions")], b""
    return spoiler.pass_on(question)


def browsers_that_stay(spoiler, question):
    if question.method == "POST" and question.path == "/sign-out":
        return 303, [("location", "/sign-in")], b""
    return spoiler.pass_on(question)


def long_days(spoiler, question):
    status, headers, content = spoiler.pass_on(question)
    return status, headers, re.sub(rb'"refresh_expires_in":[0-9]+', b'"refresh_expires_in":864000', content)


def limits_for_all(spoiler, question):
    """Once somebody is refused a whole record, everybody is."""
    if not question.path.endswith("/$everything"):
        return spoiler.pass_on(question)
    answer = spoiler.kept.get("refusal") or spoiler.pass_on(question)
    if answer[0] == 429:
        spoiler.kept["refusal"] = answer
    return answer


def refreshing_twice(spoiler, question):
    """Answers a refresh token again and again."""
    if question.path != "/api/session/refresh":
        return spoiler.pass_on(question)
    if question.body not in spoiler.kept:
        spoiler.kept[question.body] = spoiler.pass_on(question)
    return spoiler.kept[question.body]


def no_lost_answers(spoiler, question):
    """Whoever asks again is given something else."""
    status, headers, content = spoiler.pass_on(question)
    if question.path == "/api/session/refresh" and question.body in spoiler.kept:
        content = re.sub(rb'"refresh_token":"....', b'"refresh_token":"AAAA', content)
    spoiler.kept[question.body] = True
    return status, headers, content


def long_tokens(spoiler, question):
    status, headers, content = spoiler.pass_on(question)
    return status, headers, content.replace(b'"expires_in":600', b'"expires_in":3600')


def unread_signatures(spoiler, question):
    """Takes any token in three parts for the last one that was given."""
    held = question.headers.get("Authorization", "")
    if held.count(".") == 2 and "token" in spoiler.kept:
        status, headers, content = spoiler.pass_on(question)
        if status != 401:
            return status, headers, content
        question.headers["Authorization"] = spoiler.kept["token"]
    status, headers, content = spoiler.pass_on(question)
    if question.path.startswith("/api/session") and b'"token":"' in content:
        spoiler.kept["token"] = "Bearer " + re.search(rb'"token":"([^"]+)"', content).group(1).decode()
    return status, headers, content


def tell_what_exists(spoiler, question):
    status, headers, content = spoiler.pass_on(question)
    if status == 404 and question.path.startswith("/fhir/"):
        content += question.path.encode()
    return status, headers, content


def reads_from_a_cache(spoiler, question):
    """Answers a read twice and asks the server once."""
    key = (question.method, question.path, question.headers.get("Authorization"))
    if question.method == "GET" and question.path.startswith("/fhir/Observation/"):
        if key not in spoiler.kept:
            spoiler.kept[key] = spoiler.pass_on(question)
            spoiler.pass_on(question)
        return spoiler.kept[key]
    return spoiler.pass_on(question)


def devices_unsaid(spoiler, question):
    """Whoever stands before the server hides from where a request came."""
    question.headers = {name: value for name, value in question.headers.items() if name.lower() != "user-agent"}
    return spoiler.pass_on(question)


def history_rewritten(spoiler, question):
    if question.path.endswith("/_history/1"):
        question.path = question.path.removesuffix("/_history/1")
    return spoiler.pass_on(question)


def with_a_word_changed(spoiler, question):
    """Whoever stands between changes what was signed."""
    status, headers, content = spoiler.pass_on(question)
    return status, headers, content.replace(b"encrypted", b"scrambled") if question.path == "/trust.json" else content


def words_of_security_txt(old, new):
    def spoil(spoiler, question):
        status, headers, content = spoiler.pass_on(question)
        return status, headers, content.replace(old, new) if question.path.endswith("security.txt") else content
    return spoil


GONE = [
    ("APP-3", "headers", without("content-security-policy")),
    ("APP-3", "headers", without("x-content-type-options")),
    ("APP-3", "headers", policy_with_a_hole),
    ("APP-3", "headers", script),
    ("APP-3", "headers", cookie_for_all),
    ("ENC-2", "plain-http", without("strict-transport-security")),
    ("ENC-2", "plain-http", plain_pages),
    ("APP-2", "foreign-forms", with_status(403, 303)),
    ("APP-1", "malformed", with_status(400, 500)),
    ("APP-1", "malformed", with_status(422, 201)),
    ("APP-4", "injection", with_status(200, 500, only=lambda question: "%27" in question.path)),
    ("ACC-2", "weak-passwords", with_status(422, 303)),
    ("ACC-3", "session-end", sessions_that_go_on),
    ("ACC-3", "session-end", devices_that_stay),
    ("ACC-3", "session-end", browsers_that_stay),
    ("ACC-3", "session-end", long_days),
    ("ACC-4", "program-tokens", refreshing_twice),
    ("ACC-4", "program-tokens", no_lost_answers),
    ("ACC-4", "program-tokens", long_tokens),
    ("ACC-4", "program-tokens", unread_signatures),
    ("ACC-1", "second-factor", with_status(401, 201, only=lambda question: question.path == "/api/session")),
    ("ACC-1", "second-factor", with_status(303, 200, only=lambda question: question.path == "/patients")),
    ("ACC-1", "second-factor", with_status(401, 303, only=lambda question: question.path == "/second-factor")),
    ("GOV-9", "agreements", with_status(403, 200, only=lambda question: question.path.startswith("/fhir/"))),
    ("GOV-9", "agreements", with_status(303, 200, only=lambda question: question.path == "/patients")),
    ("GOV-9", "agreements", with_status(409, 204)),
    ("ACC-5", "foreign-tokens", everybody_comes_in),
    ("MIN-1", "minimum", with_status(422, 201)),
    ("NET-3", "asking-too-much", with_status(429, 200)),
    ("NET-3", "asking-too-much", without("retry-after")),
    ("NET-3", "asking-too-much", with_status(200, 429, only=lambda question: "/$" not in question.path)),
    ("NET-3", "asking-too-much", limits_for_all),
    ("ISO-2", "guessing", tell_what_exists),
    ("AUD-1", "entries", reads_from_a_cache),
    ("AUD-1", "entries", devices_unsaid),
    ("INT-2", "history", history_rewritten),
    ("INC-6", "vulnerability-reports", words_of_security_txt(b"Expires:", b"Expired:")),
    ("INC-6", "vulnerability-reports", words_of_security_txt(b"Contact: https", b"Contact: http")),
    ("INC-6", "vulnerability-reports", with_status(200, 404, only=lambda question: question.path == "/security/policy")),
    ("INC-6", "vulnerability-reports", with_status(201, 429)),
    ("INC-6", "vulnerability-reports", with_status(404, 200, only=lambda question: question.path == "/security/follow")),
    ("INC-6", "vulnerability-reports", with_status(200, 404, only=lambda question: question.path == "/security/follow")),
    ("GOV-5", "security-pack", with_a_word_changed),
]


def test_unspoiled_everything_is_kept(front):
    told, text = prove(front, None, *{probe for _, probe, _ in GONE})
    assert {row[1] for row in told.values()} == {"kept"}, text


@pytest.mark.parametrize("id, probe, spoil", GONE, ids=lambda value: getattr(value, "__name__", str(value)))
def test_a_mechanism_that_is_gone_is_seen(front, id, probe, spoil):
    told, text = prove(front, spoil, probe)
    assert told[probe][1] == "falls short" and id in told[probe][2], text


# What the README of promises shows: five mechanisms, one at a time, and all that is told.

CHEAP = """create or replace function care.raise_cost(token bytea, old_hash text, new_hash text) returns boolean
    language sql volatile security definer set search_path = care, pg_temp as $$ select false $$;
    select care.adopt_fingerprint()"""
REMOVED = [
    ("drop policy record_stays_in_its_organization on care.record", ("guard-now", "drift"), None),
    ("grant select on care.account to carekeep_server", ("guard-now", "grants"), None),
    (CHEAP, ("password-hashes",), None),
    ("chmod 644 tls/server.key", ("file-modes",), None),
    ("no Content-Security-Policy", ("headers",), without("content-security-policy")),
]


@pytest.mark.parametrize("removed, probes, spoil", REMOVED, ids=["wall", "right", "price", "file", "header"])
def test_a_mechanism_removed_by_hand_is_seen_and_put_right(front, removed, probes, spoil):
    key = front.data / "tls" / "server.key"
    mode = key.stat().st_mode & 0o777
    told, text = prove(front, None, *probes)
    assert {told[name][1] for name in probes} == {"kept"}, text
    try:
        if removed.startswith("chmod"):
            key.chmod(0o644)
        elif spoil is None:
            front.sql("records", removed)
        told, text = prove(front, spoil, *probes)
    finally:
        key.chmod(mode)
        assert front.command("migrate", "up").returncode == 0
    with (OUTPUT / "removals.txt").open("a") as shown:
        shown.write(f"{removed}\n\n{text}\n")
    assert {told[name][1] for name in probes} == {"falls short"}, text
    told, text = prove(front, None, *probes)
    assert {told[name][1] for name in probes} == {"kept"}, text


def test_what_ended_a_run_is_tried_last_by_people_woken_anew(front):
    """The check of passwords uses up the link and the tokens that the other one needs."""
    front.sql("records", """insert into care.probe_result (run_id, probe, class, outcome, seen, release, took_ms, at, until)
        values (gen_random_uuid(), 'minimum', 'live', 'begun', '', 'r', 0, care.clock(), care.clock() + interval '1 hour')""")
    told, text = prove(front, None, "minimum", "weak-passwords")
    assert list(told) == ["weak-passwords", "minimum"] and {row[1] for row in told.values()} == {"kept"}, text

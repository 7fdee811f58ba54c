"""What leaves and enters the machine: TLS, redirects, HTTP/2, bodies that are too large. (ENC-1, ENC-2)"""

import select
import shutil
import socket
import ssl
import subprocess
import time

import httpx
import pytest


def handshake(server, context):
    with socket.create_connection((server.host, server.https), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname=server.host) as secure:
            return secure.version(), secure.selected_alpn_protocol()


def test_tls_1_3_is_spoken_with_a_certificate_of_the_servers_own_authority(server):
    context = server.trust()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    assert handshake(server, context)[0] == "TLSv1.3"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1", "TLSv1_2"])
def test_older_versions_are_refused(server, version):
    context = server.trust()
    # At this level OpenSSL itself would still offer the old versions, so that it is the server who refuses.
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion[version]
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(server, context)


@pytest.mark.parametrize("option", ["-tls1", "-tls1_1", "-tls1_2"])
def test_openssl_agrees_that_they_are_refused(server, option):
    run = subprocess.run(
        ["openssl", "s_client", "-connect", f"{server.host}:{server.https}", option, "-cipher", "ALL:@SECLEVEL=0"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert run.returncode != 0 and "Cipher is (NONE)" in run.stdout


def test_a_client_that_does_not_know_the_authority_is_warned(server):
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, ssl.create_default_context())


@pytest.mark.parametrize("protocol", ["h2", "http/1.1"])
def test_both_versions_of_http_are_offered(server, protocol):
    context = server.trust()
    context.set_alpn_protocols([protocol])
    assert handshake(server, context)[1] == protocol


def test_http_2_answers(server):
    with server.client(http2=True) as client:
        answer = client.get("/health/live")
        assert (answer.http_version, answer.status_code) == ("HTTP/2", 200)


def test_curl_speaks_http_2_too(server):
    run = subprocess.run(
        ["curl", "--silent", "--http2", "--cacert", server.authority, "--output", "/dev/null", "--write-out",
         "%{http_version} %{http_code}", f"{server.url}/health/live"], capture_output=True, text=True, timeout=20)
    assert run.stdout == "2 200"


@pytest.mark.parametrize("method, path", [
    ("GET", "/"), ("GET", "/patients"), ("POST", "/sign-in"), ("GET", "/fhir/Patient"), ("POST", "/api/session"),
    ("GET", "/nothing-here"),
])
def test_plain_http_answers_with_nothing_but_a_redirect(server, method, path):
    answer = httpx.request(method, f"http://{server.host}:{server.http}{path}", timeout=10)
    assert answer.status_code in (301, 308)
    assert answer.headers["location"] == server.url + path
    assert "set-cookie" not in answer.headers
    assert len(answer.content) < 500


def test_a_redirect_goes_to_no_host_of_the_callers_choice(server):
    answer = httpx.get(
        f"http://{server.host}:{server.http}/patients", headers={"Host": "evil.example"}, timeout=10)
    assert "evil.example" not in answer.headers.get("location", "")


def test_plain_http_on_the_https_port_gets_no_page(server):
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://{server.host}:{server.https}/", timeout=10)


class Uploading:
    """A body that is sent piece by piece until the server has said something."""

    def __init__(self, server, token, head):
        plain = socket.create_connection((server.host, server.https), timeout=10)
        self.socket = server.trust().wrap_socket(plain, server_hostname=server.host)
        lines = ["POST /fhir/Observation HTTP/1.1", f"Host: {server.host}:{server.https}",
                 f"Authorization: Bearer {token}", "Content-Type: application/fhir+json", *head, "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        self.socket.setblocking(False)
        self.sent, self.answer = 0, b""

    def send_until_answered(self, piece, limit):
        """The status of the answer, or None if the server took `limit` bytes, or hung up, without one."""
        rest, end = b"", time.monotonic() + 30
        while self.sent < limit and time.monotonic() < end:
            if self.listen():
                return int(self.answer.split()[1])
            rest = rest or piece
            try:
                done = self.socket.send(rest)
            except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
                select.select([self.socket], [self.socket], [], 0.05)
                continue
            except OSError:
                break
            self.sent, rest = self.sent + done, rest[done:]
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if self.listen():
                return int(self.answer.split()[1])
            time.sleep(0.02)
        return None

    def listen(self):
        """Whether the first line of an answer is here."""
        try:
            self.answer += self.socket.recv(4096)
        except OSError:  # nothing yet, or no more
            pass
        return b"\r\n" in self.answer

    def close(self):
        self.socket.close()


# Far above any limit that makes sense for a record, and far below what would hurt the machine of the test.
MOST = 32 * 1024 * 1024


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_sent(server, api, people):
    upload = Uploading(server, api(people.parent).token, [f"Content-Length: {1 << 40}"])
    end = time.monotonic() + 1  # a client that asks waits a moment for the answer
    while time.monotonic() < end and not upload.listen():
        time.sleep(0.02)
    assert upload.send_until_answered(b" " * 65536, MOST) == 413
    assert upload.sent < 1 << 20
    upload.close()


def test_a_body_that_turns_out_too_large_is_refused_while_it_is_sent(server, api, people):
    upload = Uploading(server, api(people.parent).token, ["Transfer-Encoding: chunked"])
    piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
    assert upload.send_until_answered(piece, MOST) == 413
    assert upload.sent < MOST
    upload.close()


def test_a_refused_body_over_http_2_ends_its_stream_alone(server, api, people):
    with httpx.Client(base_url=server.url, verify=server.trust(), http2=True, timeout=60) as client:
        headers = {"Authorization": f"Bearer {api(people.parent).token}", "Content-Type": "application/fhir+json"}
        try:
            assert client.post("/fhir/Observation", content=b" " * MOST, headers=headers).status_code == 413
        except httpx.HTTPError:
            pass  # httpx does not read an answer that comes while it sends; that the server lives is what counts
        assert client.get("/health/live").status_code == 200


def test_who_connects_and_says_nothing_is_hung_up_on_and_who_has_said_hello_is_not(server):
    with server.client(limits=httpx.Limits(keepalive_expiry=None)) as client:
        own_end = lambda: client.get("/health/live").extensions["network_stream"].get_extra_info("client_addr")
        before = own_end()
        silent = [socket.create_connection((server.host, port), timeout=120) for port in (server.https, server.http)]
        for one in silent:
            with one:
                assert one.recv(1) == b""
        assert own_end() == before, "over the same connection"


def test_the_server_answers_others_while_a_body_trickles_in(server, api, people):
    upload = Uploading(server, api(people.parent).token, ["Content-Length: 1000"])
    upload.socket.setblocking(True)
    upload.socket.sendall(b"{")
    with server.client() as client:
        start = time.monotonic()
        assert client.get("/health/live").status_code == 200
        assert time.monotonic() - start < 5
    upload.close()


def test_the_tools_of_these_tests_are_here():
    assert all(shutil.which(tool) for tool in ("openssl", "curl", "chromium", "chromedriver"))

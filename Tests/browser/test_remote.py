"""`carekeep prove --remote`: what anybody can try from outside, with nothing but an address."""

import ssl
import subprocess
import warnings

import pytest

from installation import installation
from server import BINARY, free_ports
from test_probes import Spoiler, with_status, without
from test_trust import results

FROM_OUTSIDE = {"tls-versions", "plain-http", "headers", "refusals", "redirects", "published"}


@pytest.fixture(scope="module")
def home():
    with installation("remote") as own:
        own.found()
        own.start()
        yield own


@pytest.fixture(scope="module")
def spoiler(home):
    newest = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    newest.minimum_version = ssl.TLSVersion.TLSv1_3
    one = Spoiler(home, newest)
    yield one
    one.close()


def prove(address, *options, home=None):
    """Without a configuration, from nowhere; `home` lends its authority alone."""
    trust = ["--authority", str(home.authority)] if home else []
    return subprocess.run([BINARY, "prove", "--remote", address, *trust, *options], capture_output=True, text=True, timeout=240,
                          stdin=subprocess.DEVNULL, cwd="/", env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"})


def through(spoiler, home, spoil, *ids):
    spoiler.spoil = spoil
    done = prove(f"https://localhost:{spoiler.port}", "--plain-port", str(spoiler.plain_port), *ids, home=home)
    return {name: row[1] for name, row in results(done).items()}, done


def test_an_outsider_finds_everything_kept_and_leaves_nothing(home):
    counts = "select count(*) from care.probe_result union all select count(*) from care.organization"
    before = home.sql("records", counts)
    done = prove(home.url, "--plain-port", str(home.http), home=home)
    told = {name: row[:2] for name, row in results(done).items()}
    assert told == {name: ("live", "kept") for name in FROM_OUTSIDE}, done.stdout + done.stderr
    assert done.returncode == 0
    assert home.sql("records", counts) == before


def test_an_outsider_can_ask_for_one_promise(home):
    assert set(results(prove(home.url, "ENC-1", home=home))) == {"tls-versions"}
    done = prove(home.url, "ISO-5", home=home)
    assert done.returncode == 64 and "can be tried from outside" in done.stderr


@pytest.mark.parametrize("address", ["http://localhost", "localhost:8443", "https://", "https://x:99999", "https://a b", "ftp://x",
                                     "https://user:word@localhost", "https://localhost/page", "https://localhost?x=1", ""])
def test_an_address_that_is_none_is_refused(address):
    done = prove(address)
    assert done.returncode == 64 and "--remote must be an address" in done.stderr, done.stderr


def test_a_certificate_that_nobody_vouches_for_is_told(home):
    done = prove(home.url)
    assert done.returncode == 1 and "shows a certificate that is not good for that name" in done.stderr, done.stderr
    # It is good for the machine's number as well as for its name.
    port = home.https
    assert prove(f"https://127.0.0.1:{port}", "ENC-1", home=home).returncode == 0


def test_nobody_at_the_address_is_told():
    port, = free_ports(1)
    for address in (f"https://localhost:{port}", "https://nobody.invalid"):
        done = prove(address)
        assert done.returncode == 1 and "no server answers" in done.stderr.lower(), done.stderr


def test_an_authority_that_cannot_be_read_is_told(home, tmp_path):
    done = prove(home.url, "--authority", str(tmp_path / "none.pem"))
    assert done.returncode == 64 and "holds no certificates" in done.stderr, done.stderr


def test_somebody_elses_server_is_told(home, spoiler):
    def pages(spoiler, question):
        return 200, [("Content-Type", "text/html")], b"<h1>It works!</h1>"

    def redirects(spoiler, question):
        return 302, [("Location", home.url + question.path)], b""

    for other in (pages, redirects):  # and no redirect is followed to one that is
        told, done = through(spoiler, home, other)
        assert done.returncode == 1 and not told and "is no Carekeep" in done.stderr, done.stderr


def test_what_only_passes_on_is_kept(home, spoiler):
    told, done = through(spoiler, home, None)
    assert told == {name: "kept" for name in FROM_OUTSIDE}, done.stdout
    assert done.returncode == 0


def edited(spoiler, question):
    status, headers, content = spoiler.pass_on(question)
    return status, headers, content.replace(b'"standing":"not checked"', b'"standing":"checked"')


def another_key_on_the_page(spoiler, question):
    status, headers, content = spoiler.pass_on(question)
    return status, headers, content.replace(b"+", b"-") if question.path == "/trust" else content


def expired_contact(spoiler, question):
    if question.path == "/.well-known/security.txt":
        return 200, [("Content-Type", "text/plain")], b"Contact: mailto:safe@care.example\nExpires: 2020-01-01T00:00:00Z\n"
    return spoiler.pass_on(question)


def led_by_the_name_asked_for(spoiler, question):
    status, headers, content = spoiler.pass_on(question)
    if question.is_plain:
        headers = [(name, value) for name, value in headers if name != "location"]
        headers.append(("location", f"https://{question.headers['Host']}{question.path}"))
    return status, headers, content


def led_by_the_address(spoiler, question):
    if "next=" in question.path:
        return 302, [("Location", question.path.split("next=")[1])], b""
    return spoiler.pass_on(question)


def records_for_all(spoiler, question):
    status, headers, content = spoiler.pass_on(question)
    if question.path.startswith("/fhir/Patient") and status == 401:
        return 200, headers, b'{"resourceType":"Bundle"}'
    return status, headers, content


def cookie_for_scripts(spoiler, question):
    status, headers, content = spoiler.pass_on(question)
    return status, [(name, value.replace("HttpOnly", "X")) for name, value in headers], content


@pytest.mark.parametrize("spoil, probe, said", [
    (without("content-security-policy"), "headers", "it may be framed"),
    (without("strict-transport-security"), "plain-http", "remember HTTPS"),
    (cookie_for_scripts, "headers", "cookie is not httponly"),
    (edited, "published", "it was changed since it was signed"),
    (another_key_on_the_page, "published", "another key than the one that signed"),
    (expired_contact, "published", "security.txt: it has expired"),
    (led_by_the_name_asked_for, "redirects", "somebody else's name is taken for the server's"),
    (led_by_the_address, "redirects", "leads elsewhere"),
    (records_for_all, "refusals", "shows a record"),
    (with_status(303, 200), "refusals", "is answered with 200"),
], ids=lambda value: getattr(value, "__name__", None))
def test_a_mechanism_that_is_gone_is_seen_from_outside(home, spoiler, spoil, probe, said):
    told, done = through(spoiler, home, spoil)
    assert told[probe] == "falls short" and said in done.stdout, done.stdout
    assert done.returncode == 1


def test_an_old_tls_is_seen_from_outside(home):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is the point
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    old = Spoiler(home, context)
    try:
        told, done = through(old, home, None, "ENC-1")
        assert told == {"tls-versions": "falls short"}, done.stdout
        assert "TLS 1.1 is spoken" in done.stdout and "TLS 1.2 is spoken" in done.stdout
        assert "- TLS 1.0 is spoken" not in done.stdout
        # One that speaks nothing newer cannot be asked at all.
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        told, done = through(old, home, None)
        assert done.returncode == 1 and "speaks old versions of TLS and not 1.3" in done.stderr, done.stderr
    finally:
        old.close()


def test_what_goes_with_an_address_is_refused_without_one(home):
    assert prove(home.url, "--config", str(home.file), home=home).returncode == 64
    done = home.command("prove", "ENC-1", "--authority", str(home.authority))
    assert done.returncode == 64 and "go with --remote" in done.stderr

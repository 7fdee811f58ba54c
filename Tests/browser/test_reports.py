"""Error reports by Sentry's protocol: what an operator asked for is sent, made of codes alone, and nobody waits for it. (LOG-2)"""

import contextlib
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from collector import Collector
from installation import Person, create, eventually, installation, kill, observation, patient
from server import free_ports

ADA = Person("ada@tester.example")
CANARY = "".join(random.SystemRandom().choice("bdfgklmnprstvz") + random.SystemRandom().choice("aeiou") for _ in range(8))


@pytest.fixture(scope="module")
def collector():
    with Collector() as collector:
        yield collector


@pytest.fixture(scope="module")
def home(collector):
    port, = free_ports(1)
    with installation("reports") as home:
        home.metrics = f"http://127.0.0.1:{port}/metrics"
        home.settings = {"listen": home.configuration()["listen"] | {"metrics": {"host": "127.0.0.1", "port": port}}}
        tell(home, collector.dsn, environment="test")
        link = home.found()
        home.start()
        home.set_password(link)
        with home.api(ADA) as api:
            home.child = create(api, patient(CANARY.capitalize()))
        yield home


def tell(home, dsn=None, **more):
    """Configures where reports go. Takes effect at the next start."""
    file = home.folder / "dsn"
    file.write_text(f"{dsn}\n")
    home.settings = {key: one for key, one in home.settings.items() if key != "reports"}
    if dsn:
        home.settings["reports"] = {"dsn_file": str(file)} | more
    home.configure()


@pytest.fixture
def fresh(home, collector):
    """The installation and the collector, started anew: `fresh(dsn, …)`."""

    def start(dsn=collector.dsn, environment="test", **more):
        home.stop()
        collector.forget()
        tell(home, dsn, **(more | {"environment": environment} if dsn else {}))
        home.log.write_text("")
        home.start()
        return home

    yield start
    collector.forget()


@contextlib.contextmanager
def keys_away(home):
    """While nobody may open a record that was not open."""
    home.process.send_signal(signal.SIGSTOP)  # or it would start them again
    try:
        kill(home.postmaster("keys"), signal.SIGKILL)
        assert eventually(lambda: home.postmaster("keys") is None)
        yield
    finally:
        home.process.send_signal(signal.SIGCONT)
        assert eventually(home.is_ready)


def at_once(calls):
    with ThreadPoolExecutor(len(calls)) as pool:
        return [one.result() for one in [pool.submit(call) for call in calls]]


def fail(api, home):
    """Requests that fail on our side, full of what is nobody's business. On three routes or more."""
    api.headers.update({"User-Agent": CANARY, "X-Request-Id": CANARY, "Referer": f"{home.url}/{CANARY}"})
    api.headers["Cookie"] = f"a={CANARY}"
    requests = [
        lambda: api.create(observation(home.child, text=f"About {CANARY}")),
        lambda: api.get(f"Patient/{home.child}", params={CANARY: CANARY}),
        lambda: api.get(f"Patient/{home.child}/$everything", params={"_since": CANARY}),
        lambda: api.get(f"Patient/{home.child}/$everything"),
        lambda: api.get("Observation", params={"patient": home.child}),
        lambda: api.put(f"Patient/{home.child}", json=patient(CANARY) | {"id": home.child}),
    ]
    answers = at_once(requests)  # each waits some seconds for the keys
    failed = [one for one in answers if one.status_code >= 500]
    assert all(one.status_code == 503 and CANARY not in one.text for one in failed)
    assert len(failed) >= 3, [one.status_code for one in answers]


def log_lines(home):
    return [json.loads(line) for line in home.log.read_text(errors="replace").splitlines() if line.startswith("{")]


def counted(home, what):
    text = httpx.get(home.metrics, timeout=60).text  # it asks the stores, which are away
    return int(re.search(rf"^carekeep_reports_{what}_total (\d+)$", text, re.MULTILINE).group(1))


# What is told

def test_an_error_is_told_by_codes_and_nothing_of_anybody(fresh, collector):
    home = fresh()
    with home.api(ADA) as api:
        with keys_away(home):
            fail(api, home)
            assert eventually(lambda: len(collector.posts) >= 2)
    event = next(one for one in collector.events if one["tags"]["event"] == "request failed")
    failed = next(one for one in log_lines(home) if one["event"] == "request failed" and
                  one["request"] == event["tags"]["request"])
    assert event["release"] == "carekeep@0.1.0" and event["environment"] == "test" and event["level"] == "error"
    assert event["platform"] == "other" and event["logger"] == "carekeep"
    assert event["transaction"] == event["request"]["url"] == failed["route"] and failed["route"].startswith("/fhir/{type}")
    assert event["request"]["method"] == failed["method"] and set(event["request"]) == {"method", "url"}
    error, = event["exception"]["values"]
    assert (error["type"], error["value"]) == (failed["error"], failed["code"]) and error["value"] in (
        "unavailable", "storeUnavailable")
    frame, = error["stacktrace"]["frames"]
    assert frame["filename"] == "Portal/Refusals.swift" and frame["lineno"] > 0
    assert event["tags"]["status"] == "503" == str(failed["status"])
    assert event["fingerprint"] == ["request failed", error["type"], error["value"], event["transaction"]]


def test_no_canary_is_in_what_was_sent_nor_in_the_log(fresh, collector):
    home = fresh()
    with home.api(ADA) as api:
        with keys_away(home):
            fail(api, home)
            assert eventually(lambda: len(collector.posts) >= 2)
    home.stop()  # what waited is sent
    assert collector.bytes.count(b"request failed") >= 2, "the search has something to look at"
    sent, logged = collector.bytes.lower(), home.log.read_bytes().lower()
    for secret in (CANARY, home.child, ADA.email, ADA.password):
        assert secret.lower().encode() not in sent + logged, secret
    for place in (str(home.folder), home.host, str(home.https)):
        assert place.encode() not in sent, place


def test_every_word_of_a_report_is_of_a_known_form(fresh, collector):
    """A closed list of keys, and of what stands there."""
    home = fresh()
    with home.api(ADA) as api:
        with keys_away(home):
            fail(api, home)
            assert eventually(lambda: len(collector.posts) >= 2)
    forms = {
        "event_id": "[0-9a-f]{32}", "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", "platform": "other", "level": "error",
        "logger": "carekeep", "release": r"carekeep@\d+\.\d+\.\d+", "environment": "test",
        "transaction": r"(/[a-z]+|/\$?[a-z-]+|/\{[a-z]+\})+|none", "url": r"(/[a-z]+|/\$?[a-z-]+|/\{[a-z]+\})+|none",
        "type": "[A-Z][A-Za-z]+", "value": r"[A-Za-z0-9._]+", "filename": r"[A-Za-z]+/[A-Za-z+]+\.swift", "lineno": r"\d+",
        "method": "GET|PUT|POST|DELETE|HEAD|OTHER", "event": "request failed|tidying failed", "request": "[0-9a-z]{1,13}",
        "status": "5[0-9][0-9]", "repeats": r"\d+", "constraint": "[a-z0-9_]+",
        "fingerprint": r"request failed|tidying failed|[A-Za-z0-9._/{}$-]+",
    }

    def check(value, key=None):
        if isinstance(value, dict):
            for key, one in value.items():
                check(one, key)
        elif isinstance(value, list):
            for one in value:
                check(one, key)
        else:
            assert re.fullmatch(forms[key], str(value)), (key, value)

    for post in collector.posts:
        assert post.path == "/api/7/envelope/"
        assert set(post.headers) == {"Host", "User-Agent", "Accept", "Content-Type", "X-Sentry-Auth", "Content-Length"}
        assert post.headers["X-Sentry-Auth"] == (
            f"Sentry sentry_version=7, sentry_client=carekeep@0.1.0, sentry_key={collector.key}")
        check(post.event)


def test_a_server_that_crashed_is_told_by_the_next_one(fresh, collector):
    home = fresh()
    kill(home.server_process(), signal.SIGSEGV)
    assert eventually(lambda: collector.posts)
    event = collector.events[0]
    error, = event["exception"]["values"]
    assert (error["type"], error["value"]) == ("ServerEnded", "signal.11")
    assert event["tags"] == {"event": "server ended"} and "request" not in event and "transaction" not in event
    assert eventually(home.is_ready)


def test_repeats_are_counted_and_not_sent(fresh, collector):
    home = fresh()
    with home.api(ADA) as api:
        with keys_away(home):
            answers = at_once([lambda: api.get(f"Patient/{home.child}")] * 20)
            assert {one.status_code for one in answers} == {503}
            assert eventually(lambda: counted(home, "sent") >= 1)
            assert counted(home, "repeated") >= 19
    assert len([one for one in collector.events if one.get("transaction") == "/fhir/{type}/{id}"]) == 1


# When the collector is not well

def still_serves(home, api):
    """As if nothing were the matter with the collector."""
    assert api.get("metadata").status_code == 200
    with home.client() as client:
        assert client.get("/sign-in").status_code == 200


@pytest.mark.parametrize("status, headers", [(500, {}), (429, {}), (429, {"Retry-After": "3600"}), (403, {}), (301, {
    "Location": "http://127.0.0.1:9/elsewhere"})])
def test_a_collector_that_refuses_disturbs_nobody_and_what_is_lost_is_counted(fresh, collector, status, headers):
    home = fresh()
    collector.status, collector.headers = status, headers
    with home.api(ADA) as api:
        with keys_away(home):
            fail(api, home)
            still_serves(home, api)
            assert eventually(lambda: counted(home, "dropped") >= 3)
        assert api.get(f"Patient/{home.child}").status_code == 200
    assert counted(home, "sent") == 0
    if status == 429:
        assert len(collector.posts) == 1, "it asked for silence"
    else:
        assert len(collector.posts) >= 3


def test_a_collector_that_is_not_there_disturbs_nobody(fresh):
    port, = free_ports(1)
    home = fresh(f"http://key@127.0.0.1:{port}/7")
    with home.api(ADA) as api:
        with keys_away(home):
            fail(api, home)
            still_serves(home, api)
            assert eventually(lambda: counted(home, "dropped") >= 3)
        assert api.get(f"Patient/{home.child}").status_code == 200
    assert counted(home, "sent") == 0


def test_nobody_waits_for_a_collector_that_does_not_answer(fresh, collector):
    home = fresh()
    collector.may_answer.clear()
    with home.api(ADA) as api:
        with keys_away(home):
            fail(api, home)
            assert collector.asked.acquire(timeout=30)
            fail(api, home)  # answered, while the collector has not
            still_serves(home, api)
        assert api.get(f"Patient/{home.child}").status_code == 200
        assert eventually(lambda: counted(home, "dropped") >= 1), "it is given up"
    collector.may_answer.set()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that vouches for itself, with its key: (certificate, both)."""
    folder = tmp_path_factory.mktemp("collector")
    folder.chmod(0o755)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem",
         "-out", folder / "certificate.pem"], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "key.pem").read_text() + (folder / "certificate.pem").read_text())
    return folder / "certificate.pem", both


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_collector_has_to_prove_its_name(fresh, certificate, is_trusted):
    authority, both = certificate
    with Collector(both) as collector:
        home = fresh(collector.dsn, **({"authority_file": str(authority)} if is_trusted else {}))
        with home.api(ADA) as api, keys_away(home):
            fail(api, home)
            assert eventually(lambda: counted(home, "sent" if is_trusted else "dropped") >= 3)
            assert counted(home, "dropped" if is_trusted else "sent") == 0
        assert bool(collector.posts) == is_trusted and collector.connections >= 1


# When nobody asked for reports

def test_without_a_dsn_nothing_is_sent(home, fresh, collector):
    """Not even where programs that use Sentry's own library would find one."""
    home.stop()
    os.environ["SENTRY_DSN"] = collector.dsn
    try:
        fresh(None)
    finally:
        del os.environ["SENTRY_DSN"]
    with home.api(ADA) as api, keys_away(home):
        fail(api, home)
    home.stop()
    assert any(one["event"] == "request failed" for one in log_lines(home)), "there was something to tell"
    assert collector.connections == 0 and not collector.posts


BAD = ["", "secretive", "https://secretive.example/1", "http://secretive@collector.example/1", "https://secretive@host/",
       "https://secretive@host/1?a=b", "ftp://secretive@host/1"]


@pytest.mark.parametrize("dsn", BAD)
def test_a_bad_dsn_is_refused_by_key_and_rule_without_its_value(home, dsn):
    home.stop()
    tell(home, dsn or " ")
    for command in ("run", "serve"):
        done = home.command(command)
        assert done.returncode == 78, done.stderr
        assert "reports.dsn_file must hold https://KEY@HOST/PROJECT" in done.stderr and "secretive" not in done.stderr
    assert not home.processes()


def test_a_dsn_file_that_is_not_there_is_said_and_config_shows_no_key(home, collector):
    home.stop()
    tell(home, collector.dsn)
    shown = home.command("config").stdout
    assert f"reports.dsn_file: {home.folder}/dsn" in shown and collector.key not in shown
    (home.folder / "dsn").unlink()
    done = home.command("run")
    assert done.returncode == 78 and "reports.dsn_file names a file that cannot be read" in done.stderr


# A collector that others have made

class Bugsink:
    """Bugsink, with its data in a folder: refuses what is no event by Sentry's own schema."""

    def __init__(self, folder):
        self.folder, (self.port,) = Path(folder), free_ports(1)
        self.environment = os.environ | {"PYTHONPATH": str(folder), "DJANGO_SETTINGS_MODULE": "bugsink_conf"}
        self.run("bugsink-create-conf", "--template=local", "--host=127.0.0.1", f"--port={self.port}")
        with open(self.folder / "bugsink_conf.py", "a") as settings:
            settings.write('\nBUGSINK["VALIDATE_ON_DIGEST"] = "strict"\n')
        self.run("bugsink-manage", "migrate")
        self.run("bugsink-manage", "migrate", "snappea", "--database=snappea")
        made = self.run("bugsink-manage", "shell", "-c",
                        "from projects.models import Project; print('DSN', Project.objects.create(name='carekeep').dsn)")
        self.dsn = re.search(r"^DSN (\S+)$", made, re.MULTILINE).group(1)

    def run(self, program, *arguments):
        done = subprocess.run([Path(sys.executable).parent / program, *arguments], cwd=self.folder, env=self.environment,
                              capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def __enter__(self):
        self.process = subprocess.Popen(
            [Path(sys.executable).parent / "bugsink-manage", "runserver", "--noreload", f"127.0.0.1:{self.port}"],
            cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        assert eventually(self.answers, 120)
        return self

    def answers(self):
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=5).status_code < 500
        except httpx.HTTPError:
            return False

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def events(self):
        with contextlib.closing(sqlite3.connect(self.folder / "db.sqlite3")) as database:
            return [json.loads(data) for data, in database.execute("select data from events_event")]

    def issues(self):
        with contextlib.closing(sqlite3.connect(self.folder / "db.sqlite3")) as database:
            return set(database.execute("select calculated_type, calculated_value, \"transaction\" from issues_issue"))


def test_bugsink_takes_a_report_and_shows_it_as_one_problem(fresh, tmp_path):
    with Bugsink(tmp_path) as bugsink:
        home = fresh(bugsink.dsn)
        with home.api(ADA) as api:
            with keys_away(home):
                fail(api, home)
                assert eventually(lambda: counted(home, "sent") >= 3, 60)
            assert counted(home, "dropped") == 0
        assert eventually(lambda: len(bugsink.events()) >= 3)
        event = next(one for one in bugsink.events() if one.get("transaction") == "/fhir/{type}/{id}")
        error = event["exception"]["values"][0]
        assert (error["type"], error["value"], "/fhir/{type}/{id}") in bugsink.issues()
        for file in tmp_path.rglob("*"):
            assert not file.is_file() or CANARY.encode() not in file.read_bytes().lower(), file

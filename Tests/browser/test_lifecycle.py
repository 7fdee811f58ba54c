"""Starting, stopping and killing: what an operator, a power cut or a kernel out of memory do to an installation.

Ordered: each test leaves the installation running, unless its name says otherwise.
"""

import contextlib
import os
import pwd
import re
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from installation import STORES, Person, create, eventually, installation, kill, observation, patient
from server import BINARY

AS_ROOT = os.geteuid() == 0
ADA = Person("ada@tester.example")


@pytest.fixture(scope="module")
def home():
    with installation("lifecycle") as home:
        began = time.monotonic()
        home.start()
        home.first_start = time.monotonic() - began
        home.set_password(home.found())
        with home.api(ADA) as api:
            home.child = create(api, patient())
        yield home


@pytest.fixture(autouse=True)
def running(home):
    """Whatever the test before did."""
    if home.process.poll() is not None:
        home.start()


def log_of(home, since=0):
    return home.log.read_text(errors="replace")[since:]


def log_length(home):
    return len(log_of(home))


def are_free(*ports):
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


# Starting

def test_the_first_start_makes_everything_and_says_where_it_is(home, record_property):
    record_property("first start, s", round(home.first_start, 1))
    print(f"\nfirst start: {home.first_start:.1f} s")
    said = log_of(home)
    assert f"https://localhost:{home.https}/" in said and str(home.authority) in said
    assert "records: database made and started" in said and "keys: 0001-key applied" in said
    with home.client() as client:
        assert client.get("/").status_code == 200
        assert client.get("/health/live").status_code == client.get("/health").status_code == 200


def test_what_is_secret_is_readable_by_its_owner_alone(home):
    for secret in (home.data / "server" / "root.key", home.data / "tls" / "authority.key"):
        assert secret.stat().st_mode & 0o077 == 0, secret
    for store in STORES:
        assert (home.data / "clusters" / store).stat().st_mode & 0o077 == 0
    assert home.authority.read_text().startswith("-----BEGIN CERTIFICATE-----")


def test_pages_have_checksums_and_commits_are_durable(home):
    for store in STORES:
        for setting in ("data_checksums", "fsync", "full_page_writes", "synchronous_commit"):
            assert home.sql(store, f"show {setting}") == "on", (store, setting)


def listening(processes):
    """Where these processes listen, by TCP and UDP: (address in the kernel's writing, port)."""
    inodes = set()
    for process in processes:
        folder = f"/proc/{process}/fd"
        for descriptor in os.listdir(folder):
            try:
                found = re.match(r"socket:\[(\d+)\]", os.readlink(f"{folder}/{descriptor}"))
            except OSError:
                continue
            if found:
                inodes.add(found.group(1))
    places = set()
    for table, listens in (("tcp", "0A"), ("tcp6", "0A"), ("udp", None), ("udp6", None)):
        with open(f"/proc/net/{table}") as lines:
            for line in list(lines)[1:]:
                fields = line.split()
                if fields[9] in inodes and (listens is None or fields[3] == listens):
                    address, port = fields[1].split(":")
                    places.add((table, address, int(port, 16)))
    return places


@pytest.mark.skipif(not AS_ROOT, reason="only root may look at the descriptors of a process that forbids it")
def test_it_listens_on_its_two_ports_of_the_configured_address_and_nowhere_else(home):
    """The databases listen on no network at all. (NET-1)"""
    assert listening(home.processes()) == {("tcp", "0100007F", home.https), ("tcp", "0100007F", home.http)}
    for store in STORES:
        assert home.sql(store, "show listen_addresses") == ""


@pytest.mark.skipif(not AS_ROOT, reason="two accounts take root")
def test_server_and_databases_are_two_unprivileged_accounts(home):
    def account(process):
        with open(f"/proc/{process}/status") as lines:
            status = dict(line.split(":", 1) for line in lines if ":" in line)
        users = {pwd.getpwuid(int(one)).pw_name for one in status["Uid"].split()}
        return users, int(status["CapEff"], 16), status["NoNewPrivs"].strip()

    assert account(home.server_process()) == ({"carekeep"}, 0, "1")
    for store in STORES:
        users, capabilities, _ = account(home.postmaster(store))
        assert users == {"carekeep-db"} and capabilities == 0
    assert (home.data / "server" / "root.key").owner() == "carekeep"


@pytest.mark.skipif(not AS_ROOT, reason="two accounts take root")
def test_the_servers_account_is_the_servers_role_and_never_the_superuser(home):
    as_server = ("setpriv", "--reuid=carekeep", "--regid=carekeep", "--init-groups", "--no-new-privs")
    for store, own in (("records", "carekeep_server"), ("records", "carekeep_keykeeper"), ("keys", "carekeep_keykeeper")):
        assert home.psql(store, "select current_user", own, as_server).stdout.strip() == own
    for store in STORES:
        for other in ("carekeep_admin", "carekeep_owner", "carekeep_gate", "postgres"):
            refused = home.psql(store, "select 1", other, as_server)
            assert refused.returncode != 0 and "FATAL" in refused.stderr, (store, other)
    assert home.psql("keys", "select 1", "carekeep_server", as_server).returncode != 0
    # Other accounts of the machine are nobody.
    nobody = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
    for store in STORES:
        for role in ("carekeep_server", "carekeep_keykeeper", "carekeep_admin"):
            assert home.psql(store, "select 1", role, nobody).returncode != 0
    # And what belongs to others cannot be read as the server.
    for secret in (home.data / "tls" / "authority.key", home.data / "clusters" / "keys" / "PG_VERSION"):
        assert subprocess.run([*as_server, "cat", secret], capture_output=True).returncode != 0


def test_a_second_supervisor_on_the_same_data_is_refused_and_disturbs_nothing(home):
    second = home.command("run")
    assert second.returncode == 1 and "another carekeep is running on" in second.stderr and str(home.data) in second.stderr
    assert home.is_ready()


def test_commands_wait_for_a_supervisor_that_is_starting_and_for_one_another(home):
    """Else one would stop the database that another has just begun to use."""
    stop(home, lambda: home.process.send_signal(signal.SIGTERM))
    with ThreadPoolExecutor() as at_once:
        done = list(at_once.map(lambda _: home.command("migrate", "status"), range(4)))
        assert [one.returncode for one in done] == [0] * 4, [one.stderr for one in done]
        assert not home.processes()
        home.start(wait=False)
        done = list(at_once.map(lambda _: home.command("migrate", "status"), range(4)))
        assert [one.returncode for one in done] == [0] * 4, [one.stderr for one in done]
    home.wait_until_ready()
    assert "database has ended" not in log_of(home).rpartition("Carekeep is at")[2]


# Ends by accident

def test_a_killed_server_is_started_again(home):
    before = home.server_process()
    kill(before, signal.SIGKILL)
    assert eventually(lambda: home.server_process() not in (before, None)) and eventually(home.is_ready)
    with home.api(ADA) as api:
        assert api.get(f"Patient/{home.child}").status_code == 200
    assert "server has ended with 137; it is started again" in log_of(home)


class Writers:
    """Threads that create and read without a pause, and note what they were answered."""

    def __init__(self, home, count=4):
        self.home, self.over = home, False
        self.kept, self.refused, self.wrong = [], [], []
        self.api = home.api(ADA)
        self.threads = [threading.Thread(target=self.work, args=(number,)) for number in range(count)]

    def __enter__(self):
        for one in self.threads:
            one.start()
        assert eventually(lambda: len(self.kept) >= 25), self.wrong
        return self

    def __exit__(self, *_):
        self.over = True
        for one in self.threads:
            one.join(60)
        self.api.close()

    def work(self, number):
        with httpx.Client(base_url=self.api.base_url, headers=self.api.headers, verify=self.home.trust(), timeout=60) as api:
            done = 0
            while not self.over:
                done += 1
                text = f"writer {number}, record {done}"
                try:
                    answer = api.post("Observation", json=observation(self.home.child, text),
                                      headers={"Content-Type": "application/fhir+json"})
                    if answer.status_code == 201:
                        self.kept.append((answer.json()["id"], text))
                        answer = api.get(f"Observation/{answer.json()['id']}")
                        if answer.status_code == 200:
                            continue
                    self.note(answer)
                except httpx.HTTPError as failure:
                    self.wrong.append(repr(failure))

    def note(self, answer):
        """Nothing but a plain "try again" is right while a database is away."""
        body = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        if answer.status_code == 503 and body.get("resourceType") == "OperationOutcome":
            self.refused.append(body["issue"][0]["code"])
            time.sleep(0.02)
        else:
            self.wrong.append((answer.status_code, answer.text[:300]))


@pytest.mark.parametrize("store", STORES)
def test_a_killed_database_is_started_again_and_nothing_acknowledged_is_lost(home, store):
    with Writers(home) as writers:
        before, killed_at = home.postmaster(store), len(writers.kept)
        kill(before, signal.SIGKILL)
        assert eventually(lambda: home.postmaster(store) not in (before, None))
        assert eventually(home.is_ready)
        assert eventually(lambda: len(writers.kept) >= killed_at + 25), (writers.refused[-3:], writers.wrong[:3])
    assert not writers.wrong, writers.wrong[:3]
    assert set(writers.refused) <= {"transient"}
    assert len(writers.kept) >= 50
    with home.api(ADA) as api:
        for id, text in writers.kept:
            answer = api.get(f"Observation/{id}")
            assert answer.status_code == 200 and answer.json()["code"]["text"] == text, id


@pytest.mark.parametrize("store", STORES)
def test_without_a_store_the_server_is_alive_and_not_ready(home, store):
    with home.client() as client:
        told = lambda: tuple(client.get(f"/health/{one}", timeout=10).status_code for one in ("live", "ready", "live"))
        assert eventually(lambda: told() == (200, 200, 200))
        before = home.postmaster(store)
        # Nobody starts it again while the supervisor stands still.
        home.process.send_signal(signal.SIGSTOP)
        try:
            kill(before, signal.SIGKILL)
            assert eventually(lambda: told() == (200, 503, 200), 10)
        finally:
            home.process.send_signal(signal.SIGCONT)
        assert eventually(lambda: told() == (200, 200, 200), 30) and home.postmaster(store) != before


def test_a_killed_supervisor_takes_the_server_along_and_the_databases_are_adopted(home):
    databases = [home.postmaster(store) for store in STORES]
    home.process.send_signal(signal.SIGKILL)
    home.process.wait(10)
    assert eventually(lambda: home.server_process() is None, 5), "nobody talks to the network without a supervisor"
    assert [home.postmaster(store) for store in STORES] == databases
    length = log_length(home)
    home.start()
    assert [home.postmaster(store) for store in STORES] == databases
    assert "records: database found running" in log_of(home, length)
    with home.api(ADA) as api:
        assert api.get(f"Patient/{home.child}").status_code == 200


def test_after_a_power_cut_everything_acknowledged_is_there(home):
    """As near as a test comes to one: all processes at once, while they write."""
    with Writers(home) as writers:
        for one in home.processes():
            kill(one, signal.SIGKILL)
        home.process.wait(10)
        writers.over = True
    assert eventually(lambda: not home.processes())
    home.start()
    with home.api(ADA) as api:
        for id, text in writers.kept:
            assert api.get(f"Observation/{id}").json()["code"]["text"] == text


# Stopping

def stop(home, order):
    """Gives the order, and says with which code it ended and what was running, in which order, on the way there."""
    seen = []
    order()
    while True:
        ended = home.process.poll() is not None
        state = (home.server_process() is not None, *(home.postmaster(store) is not None for store in STORES))
        if not seen or seen[-1] != state:
            seen.append(state)
        if ended:
            return home.process.returncode, seen
        time.sleep(0.005)


ORDERS = {
    "SIGTERM": lambda home: home.process.send_signal(signal.SIGTERM),
    "Ctrl-C": lambda home: os.killpg(home.process.pid, signal.SIGINT),
}


@pytest.mark.parametrize("order", ORDERS)
def test_told_to_stop_it_stops_server_and_databases_in_order(home, order):
    code, seen = stop(home, lambda: ORDERS[order](home))
    assert code == 0
    assert all(records and keys for server, records, keys in seen if server), "the databases outlive the server"
    assert seen[-1] == (False, False, False) and not home.processes()
    assert are_free(home.https, home.http)
    for store in STORES:
        assert not (home.data / "clusters" / store / "postmaster.pid").exists(), "a clean stop, without recovery"


def test_a_request_under_way_is_answered_before_the_server_stops(home):
    """A password is hashed for a quarter of a second: long enough to stop in between."""
    answers = []
    with home.client() as client:
        client.get("/health")

        def sign_in():
            answers.append(client.post("/api/session", json={"email": ADA.email, "password": ADA.password}).status_code)

        asking = threading.Thread(target=sign_in)
        asking.start()
        time.sleep(0.1)
        code, _ = stop(home, lambda: home.process.send_signal(signal.SIGTERM))
        asking.join(30)
    assert answers == [201] and code == 0


@pytest.mark.parametrize("kind", ["HTTP/1.1", "HTTP/2", "nothing said"])
def test_an_idle_connection_does_not_hold_up_the_stop(home, kind):
    if kind == "nothing said":
        held = socket.create_connection(("127.0.0.1", home.https))
    else:
        held = home.client(http2=kind == "HTTP/2")
        assert held.get("/health").http_version == kind
    began = time.monotonic()
    # The second signal after a while ends the wait, so that a fault costs 4 s and not 25.
    impatient = threading.Timer(4, lambda: home.process.send_signal(signal.SIGTERM))
    impatient.start()
    code, _ = stop(home, lambda: home.process.send_signal(signal.SIGTERM))
    impatient.cancel()
    held.close()
    assert code == 0 and time.monotonic() - began < 3


def test_a_second_start_takes_little_time(home, record_property):
    """Promised: less than 5 s. Asserted: what a busy machine and a debug build can keep."""
    stop(home, lambda: home.process.send_signal(signal.SIGTERM))
    began = time.monotonic()
    home.start()
    took = time.monotonic() - began
    record_property("second start, s", round(took, 2))
    print(f"\nsecond start: {took:.2f} s (promised: less than 5)")
    assert took < 20


# Not starting

@pytest.fixture
def stopped(home):
    """The installation, not running, and afterwards as it was."""
    stop(home, lambda: home.process.send_signal(signal.SIGTERM))
    settings = home.data / "clusters" / "records" / "local.conf"
    before = settings.read_text()
    yield home
    with open(settings, "w") as file:  # the same file: its owner stays
        file.write(before)
    home.configure()


BAD_CONFIGURATION = {
    "listen: {https: {port: 99999}}": ("listen.https.port", "whole number from 1 to 65535"),
    "data_folder: relative/path": ("data_folder", "absolute path"),
    "lissten: {}": ("lissten", "is not a key"),
    "limits: {body: secretive}": ("limits.body", "must be a size"),
    "limits: {body: 1 MiB": ("", "is not YAML"),
    "data_folder: /a\ndata_folder: /b": ("data_folder", "twice"),
    "sessions: {api_lifetime: 30 days}": ("sessions.api_lifetime", "day"),
    "tls: {certificate: /x.pem}": ("tls.certificate", "give both or neither"),
}


@pytest.mark.parametrize("text", BAD_CONFIGURATION)
def test_a_wrong_configuration_is_refused_by_key_and_rule_without_its_value(stopped, text):
    stopped.configure(text)
    key, rule = BAD_CONFIGURATION[text]
    for command in ("run", "serve", "config"):
        done = stopped.command(command)
        assert done.returncode == 78, (command, done.stderr)
        assert str(stopped.file) in done.stderr and key in done.stderr and rule in done.stderr
        assert "secretive" not in done.stderr and "99999" not in done.stderr
    assert not stopped.processes()


def test_a_configuration_that_is_not_there_is_said(stopped):
    stopped.file.unlink()
    done = stopped.command("run")
    assert done.returncode == 78 and str(stopped.file) in done.stderr and "cannot be read" in done.stderr


@pytest.mark.parametrize("which", ["https", "http"])
def test_a_port_in_use_is_named_and_nothing_is_started(stopped, which):
    port = getattr(stopped, which)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        done = stopped.command("run")
    assert done.returncode == 1
    assert f"port {port} of 127.0.0.1 is in use" in done.stderr and f"listen.{which}.port" in done.stderr
    assert not stopped.processes()


@pytest.mark.parametrize("line, setting", [
    ("log_statement = all", "log_statement is all"),
    ("log_min_duration_statement = 0", "log_min_duration_statement is 0"),
    ("log_error_verbosity = verbose", "log_error_verbosity is verbose"),
    ("log_parameter_max_length = -1", "log_parameter_max_length is -1"),
    ("shared_preload_libraries = 'auto_explain'", "auto_explain is loaded"),
])
def test_a_database_that_would_print_peoples_data_is_refused_by_setting(stopped, line, setting):
    with open(stopped.data / "clusters" / "records" / "local.conf", "a") as settings:
        settings.write(line + "\n")
    done = stopped.command("run")
    assert done.returncode == 1 and setting in done.stderr and "records cluster" in done.stderr
    assert not stopped.processes(), "what was started for the look is stopped again"


def test_a_setting_of_a_role_is_found_in_a_database_that_runs(home):
    home.sql("records", "alter role carekeep_server set log_min_messages = 'debug1'")
    home.process.send_signal(signal.SIGKILL)
    home.process.wait(10)
    done = home.command("run")
    assert done.returncode == 1 and "log_min_messages is debug1 for role carekeep_server" in done.stderr
    with database_by_hand(home, "records"):
        home.sql("records", "alter role carekeep_server reset log_min_messages")
    home.start()


@contextlib.contextmanager
def database_by_hand(home, store):
    """The store's database, started as an operator would without Carekeep."""
    folder = home.data / "clusters" / store
    own = ["setpriv", "--reuid=carekeep-db", "--regid=carekeep-db", "--init-groups"] if AS_ROOT else []
    control = [*own, programs() / "pg_ctl", "-D", folder, "-s", "-w"]
    subprocess.run([*control, "start"], check=True, cwd="/", stdout=subprocess.DEVNULL)
    yield
    subprocess.run([*control, "stop"], check=True, cwd="/")


def programs():
    """PostgreSQL's, of the newest version."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))


def test_an_older_postgresql_is_refused_by_its_number(stopped, tmp_path):
    """A program that says it is of 2025 stands in for one, in a mount namespace of its own."""
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        pytest.skip("takes root and a kernel that allows namespaces")
    major = programs().parent.name
    for name in ("postgres", "pg_ctl"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {major}.1'\n")
        (tmp_path / name).chmod(0o755)
    script = 'mount --bind "$1" "$2" && exec "$3" run --config "$4"'
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "-", tmp_path, programs(), BINARY, stopped.file], capture_output=True,
        text=True, timeout=60)
    assert done.returncode == 1 and f"runs PostgreSQL {major}.1, whose row security has known holes" in done.stderr
    assert not stopped.processes()


def test_a_server_started_by_root_may_listen_below_1024(stopped):
    if not AS_ROOT:
        pytest.skip("takes root")
    port = next((one for one in range(700, 1000) if are_free(one)), None)
    stopped.configure(stopped.file.read_text().replace(str(stopped.https), str(port)))
    https, stopped.https = stopped.https, port
    try:
        stopped.start()
        assert stopped.is_ready()
        with open(f"/proc/{stopped.server_process()}/status") as status:
            assert re.search(r"^CapEff:\s+0*400$", status.read(), re.MULTILINE), "that privilege, and no other"
        stopped.stop()
    finally:
        stopped.https = https


def test_no_crash_report_and_no_core_file_can_show_memory(home):
    server = home.server_process()
    limits = open(f"/proc/{server}/limits").read()
    assert re.search(r"^Max core file size\s+0\s+0\s", limits, re.MULTILINE)
    if AS_ROOT:
        environment = open(f"/proc/{server}/environ", "rb").read().split(b"\0")
        assert b"SWIFT_BACKTRACE=enable=no" in environment

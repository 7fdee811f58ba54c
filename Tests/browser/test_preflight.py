"""`carekeep preflight`: the machine under an installation, with a mechanism taken away in turn."""

import json
import os
import re
import subprocess

import pytest

from installation import installation
from server import BINARY
from test_trust import results

NEEDS_DATABASES = {"sockets", "database-writes", "database-logs"}


def preflight(home, *options):
    """What each check of the machine came to, and all that was said."""
    done = home.command("preflight", *options)
    return {name: row[1] for name, row in results(done).items()}, done


@pytest.fixture(scope="module")
def home():
    with installation("preflight") as own:
        own.found()
        own.start()
        yield own


def test_before_the_first_start_the_machine_is_looked_at_and_nothing_is_made():
    with installation("preflight-early") as own:
        told, done = preflight(own)
        assert {name for name, outcome in told.items() if outcome == "not tried"} >= NEEDS_DATABASES, done.stdout
        assert len(told) >= 12
        assert "broken" not in told.values(), done.stdout
        assert not own.data.exists()


def test_a_machine_is_told_of_in_json(home):
    done = home.command("preflight", "--json")
    rows = {row["check"]: row for row in json.loads(done.stdout)}
    assert set(rows) == set(preflight(home)[0])
    short = rows["root-key"]
    assert short["outcome"] == "falls short" and "passphrase_file" in short["remedy"] and short["promises"] == ["ENC-4"]
    for name, row in rows.items():
        assert bool(row.get("remedy")) == (row["outcome"] in ("falls short", "cannot be told")), name
    assert done.returncode == 1


def test_nothing_is_started_kept_or_left(home):
    before = home.sql("records", "select count(*) from care.probe_result")
    said = home.command("preflight", "--quiet").stdout
    assert re.fullmatch(r"\d+ kept(, \d+ (falls short|cannot be told|not tried))*\n", said), said
    assert home.sql("records", "select count(*) from care.probe_result") == before


def test_prove_keeps_what_the_machine_shows_and_the_page_tells_it(home):
    done = home.command("prove", "INT-1")
    assert results(done)["database-writes"][:2] == ("host", "kept"), done.stdout
    kept = home.sql("records", "select class, outcome from care.probe_result where probe = 'database-writes' and outcome <> 'begun'")
    assert kept.splitlines()[-1] == "host|kept"
    with home.client() as client:
        rows = {row["id"]: row for row in client.get("/trust.json").json()["trust"]["promises"]}
    assert rows["INT-1"]["checks"][0]["class"] == "host"


def test_a_root_key_that_others_may_read_is_seen(home):
    key = home.data / "server" / "root.key"
    assert preflight(home)[0]["file-modes"] == "kept"
    mode = key.stat().st_mode & 0o777
    key.chmod(0o644)
    try:
        told, done = preflight(home)
        assert told["file-modes"] == "falls short" and "others may read the root key" in done.stdout
        assert "What to do: " in done.stdout
    finally:
        key.chmod(mode)
    assert preflight(home)[0]["file-modes"] == "kept"


def test_a_configuration_that_others_may_change_is_seen(home):
    home.file.chmod(0o666)
    try:
        told, done = preflight(home)
        assert told["file-modes"] == "falls short" and "others may change the configuration" in done.stdout
    finally:
        home.file.chmod(0o644)


def test_a_line_that_lets_anybody_into_a_database_is_seen(home):
    assert preflight(home)[0]["sockets"] == "kept"
    doors = home.data / "clusters" / "keys" / "pg_hba.conf"
    text = doors.read_text()
    try:
        for line, said in [("local all all trust", "keys: it lets in by local trust"),
                           ("host all all 10.0.0.0/8 scram-sha-256", "keys: it lets in by host scram-sha-256"),
                           ("local all all nonsense", "keys: a line of its list of who may come in cannot be read")]:
            doors.write_text(text + line + "\n")
            told, done = preflight(home)
            assert told["sockets"] == "falls short" and said in done.stdout, done.stdout
    finally:
        doors.write_text(text)
    assert preflight(home)[0]["sockets"] == "kept"


@pytest.mark.parametrize("store, setting, value, check", [
    ("records", "synchronous_commit", "off", "database-writes"),
    ("keys", "full_page_writes", "off", "database-writes"),
    ("records", "log_statement", "all", "database-logs"),
    ("keys", "log_min_duration_statement", "0", "database-logs"),
    ("records", "row_security", "off", "sockets"),
])
def test_a_setting_that_does_harm_is_seen(home, store, setting, value, check):
    assert preflight(home)[0][check] == "kept"
    home.sql(store, f"alter system set {setting} = '{value}'")
    home.sql(store, "select pg_reload_conf()")
    try:
        told, done = preflight(home)
        assert told[check] == "falls short" and f"{store}: {setting} is {value}" in done.stdout, done.stdout
    finally:
        home.sql(store, f"alter system reset {setting}")
        home.sql(store, "select pg_reload_conf()")
    assert preflight(home)[0][check] == "kept"


def test_metrics_that_the_network_can_ask_for_are_seen(home):
    assert preflight(home)[0]["listeners"] == "kept"
    # A program of the server's account, as one that somebody left behind.
    listen = "import socket, sys; s = socket.socket(); s.bind(('0.0.0.0', 0)); s.listen(); print(s.getsockname()[1], flush=True); sys.stdin.read()"
    owner = os.stat(home.data / "server").st_uid
    as_server = {"user": owner} if os.geteuid() == 0 else {}
    other = subprocess.Popen(["/usr/bin/python3", "-c", listen], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/", **as_server)
    try:
        port = other.stdout.readline().strip()
        told, done = preflight(home)
        assert told["listeners"] == "falls short" and f"port {port}, which the configuration does not name" in done.stdout
    finally:
        other.kill()
        other.wait()


def test_it_says_what_is_wrong_with_its_own_arguments(tmp_path):
    done = subprocess.run([BINARY, "preflight", "--config", tmp_path / "none.yaml"], capture_output=True, text=True, cwd="/")
    assert done.returncode == 78 and "cannot be read" in done.stderr

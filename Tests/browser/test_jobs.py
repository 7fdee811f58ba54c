"""Jobs of a running server: what runs by itself, what a kill leaves to the next, and what the operator sees."""

import re
import signal
import subprocess
import time

import httpx
import pytest

from installation import Person, eventually, kill, measured

ADA = Person("ada@tester.example")
KINDS = {"housekeeping", "pass.sweep"}


@pytest.fixture(scope="module")
def home():
    with measured("jobs") as home:
        link = home.found()
        home.start()
        home.set_password(link)
        yield home


def job(home, kind, columns):
    return home.sql("records", f"select {columns} from care.job where kind = '{kind}' and opening_id is null")


def metric(home, name, **labels):
    for line in httpx.get(f"{home.metrics}/metrics").text.splitlines():
        if line.startswith(name + "{") and all(f'{key}="{one}"' in line for key, one in labels.items()):
            return float(line.rpartition(" ")[2])
    return None


class Lock:
    """Somebody at a psql prompt who holds a table locked, so that whoever sweeps it waits."""

    def __init__(self, home, table):
        target = f"host={home.folder}/s/records dbname=records user=carekeep_admin"
        self.psql = subprocess.Popen(["psql", "-X", "-q", "-d", target], stdin=subprocess.PIPE, text=True, cwd="/")
        self.psql.stdin.write(f"begin;\nlock table {table} in share mode;\n")
        self.psql.stdin.flush()
        holds = f"select count(*) from pg_locks where relation = '{table}'::regclass and mode = 'ShareLock' and granted"
        assert eventually(lambda: home.sql("records", holds) == "1")

    def release(self):
        self.psql.stdin.close()
        self.psql.wait(30)


def test_what_is_periodic_runs(home):
    for kind in KINDS:
        assert eventually(lambda: job(home, kind, "done_at is not null") == "t"), kind
        assert eventually(lambda: metric(home, "carekeep_job_runs_total", kind=kind, outcome="done") >= 1), kind
        assert metric(home, "carekeep_jobs", kind=kind, state="dead") == 0


def test_a_job_that_a_killed_server_was_at_is_done_by_the_next(home):
    home.sql("records", """
        insert into care.link (organization_id, account_id, purpose, secret_sha256, until)
        select organization_id, account_id, 'set-password', sha256('old'), now() - interval '100 days' from care.membership
         limit 1""")
    eventually(lambda: job(home, "housekeeping", "leased_until is null") == "t")
    before = job(home, "housekeeping", "done_at")
    lock = Lock(home, "care.link")
    try:
        home.sql("records", "update care.job set run_at = now() where kind = 'housekeeping'")
        assert eventually(lambda: job(home, "housekeeping", "leased_until > now()") == "t"), "it was taken"
        waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'sweep_links'"
        assert eventually(lambda: home.sql("records", waits) == "1"), "it is in the middle of it"
        fence = int(job(home, "housekeeping", "fence"))
        victim = home.server_process()
        kill(victim, signal.SIGKILL)
        assert eventually(lambda: home.server_process() not in (None, victim) and home.is_ready(), 60)
        assert job(home, "housekeeping", "done_at") == before
    finally:
        lock.release()
    # So that nobody has to wait for the dead server's lease.
    home.sql("records", "update care.guard set clock_offset = '5 minutes'")
    try:
        assert eventually(lambda: job(home, "housekeeping", "done_at") != before, 60)
        assert int(job(home, "housekeeping", "fence")) > fence
        assert job(home, "housekeeping", "attempts, leased_until is null, last_error is null") == "0|t|t"
        assert home.sql("records", "select count(*) from care.link where until < now() - interval '90 days'") == "0"
    finally:
        home.sql("records", "update care.guard set clock_offset = '0'")


def test_a_server_that_stops_at_a_job_stops_at_once_and_leaves_it_to_be_done(home):
    eventually(lambda: job(home, "housekeeping", "leased_until is null") == "t")
    lock = Lock(home, "care.link")
    try:
        home.sql("records", "update care.job set run_at = now() where kind = 'housekeeping'")
        waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'sweep_links'"
        assert eventually(lambda: home.sql("records", waits) == "1")
        began = time.monotonic()
        victim = home.server_process()
        kill(victim, signal.SIGTERM)
        assert eventually(lambda: home.server_process() != victim, 30)
        print(f"stopped after {time.monotonic() - began:.1f} s")
        assert job(home, "housekeeping", "state") == "waiting"
    finally:
        lock.release()
    assert eventually(home.is_ready, 60)


def test_the_operator_sees_what_runs_when(home):
    said = home.command("jobs")
    assert said.returncode == 0, said.stderr
    lines = {line.split("  ")[0]: line for line in said.stdout.splitlines()}
    assert set(lines) == KINDS | {"mail.send", "stewards.remind", "families.remind"} and lines["mail.send"].startswith("mail.send  when asked for  next -")
    time_ = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    for kind, period in (("housekeeping", 3600), ("pass.sweep", 30)):
        assert re.search(rf"^{kind}  every {period} s  next {time_}  last done {time_}  waiting \d  running \d  dead 0", lines[kind])


def test_the_operator_sees_and_retries_what_is_dead(home):
    organization = home.sql("records", "select organization_id from care.organization")
    dead = home.sql("records", f"""
        insert into care.job (organization_id, kind, key, opening_id, state, enqueued_at, run_at, attempts, last_error, failed_at)
        values ('{organization}', 'left.behind', gen_random_uuid(), gen_random_uuid(), 'dead', now(), now(), 5, 'mail_refused', now())
        returning id""").split()[0]
    said = home.command("jobs").stdout
    assert re.search(rf"^dead  {dead}  left.behind  organization {organization}  attempts 5  failed \S+  error mail_refused$", said, re.M)
    done = home.command("jobs", "retry", dead)
    assert done.returncode == 0, done.stderr
    assert home.sql("records", f"select state, attempts from care.job where id = '{dead}'") == "waiting|0"
    assert dead not in home.command("jobs").stdout
    for wrong in (dead, "00000000-0000-4000-8000-000000000000", "x"):
        refused = home.command("jobs", "retry", wrong)
        assert refused.returncode != 0 and "waits again" not in refused.stdout

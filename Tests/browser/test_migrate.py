"""`carekeep migrate` on a filled installation: up and down and up, what a hand has changed, and the guard that closes on it.

Ordered: the tests of a running installation first, then those of a stopped one; the last one takes everything away.
"""

import json
import os
import re
import time

import pytest

from conftest import Api
from installation import STORES, eventually, installation
from server import Somebody


@pytest.fixture(scope="module")
def home():
    with installation("migrate") as home:
        home.start("--demo")
        home.somebody = next(one for one in people(home) if one.patients)
        yield home


@pytest.fixture(scope="module")
def running(home):
    return home


def people(home):
    return [Somebody(one) for one in json.loads((home.data / "demo.json").read_text())]


def migrate(home, *arguments, meant=()):
    """`meant` is what a step down would destroy, and shall."""
    said = " ".join(f"-c carekeep.destroy_{what}=yes" for what in meant)
    return home.command("migrate", *arguments, env=os.environ | ({"PGOPTIONS": said} if said else {}))


def drift(home, *arguments):
    """The differences that are named, with their store."""
    done = migrate(home, "drift", *arguments)
    lines = [tuple(line.split("  ", 1)) for line in done.stdout.splitlines()]
    assert done.stderr == "" and done.returncode == (1 if any(what != "as released" for _, what in lines) else 0)
    return lines


AS_RELEASED = [("records", "as released"), ("keys", "as released")]


def tables(home):
    """How many rows each table of care has."""
    names = home.sql("records", "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
                     "where n.nspname = 'care' and c.relkind = 'r' order by 1").splitlines()
    return {name: int(home.sql("records", f"select count(*) from care.{name}")) for name in names}


def entries(rows):
    """How many entries the trail has, by the rows of its months."""
    return sum(count for name, count in rows.items() if name.startswith("entry_"))


def readable(home):
    """What somebody reads of their first patient: everything, to the byte, in an order of its own."""
    with Api(home, home.somebody) as api:
        answer = api.get(f"Patient/{home.somebody.patients[0]}/$everything")
    assert answer.status_code == 200, answer.text
    return sorted(json.dumps(one["resource"], sort_keys=True) for one in answer.json()["entry"])


# While it runs

def test_status_lists_the_steps_and_drift_finds_nothing(running):
    done = migrate(running, "status")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    for step in ("records  0001-people", "records  0002-record", "keys  0001-key"):
        assert any(re.fullmatch(rf"{step}  \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line) for line in lines), step
    assert "records  ready" in lines and "keys  ready" in lines and "pending" not in done.stdout
    assert drift(running) == AS_RELEASED
    assert drift(running, "--store", "keys") == AS_RELEASED[1:]


def test_up_on_what_is_up_changes_nothing_for_anybody(running):
    before = readable(running)
    done = migrate(running, "up")
    assert done.returncode == 0
    assert done.stdout == "records: no step was pending\nkeys: no step was pending\n"
    assert readable(running) == before and drift(running) == AS_RELEASED


# What a hand changes, and how it is named.
EDITS = {
    "a policy dropped": (
        "drop policy record_read_of_the_patient on care.record",
        ["missing: policy care.record.record_read_of_the_patient"]),
    "a restrictive policy dropped, which opens rows by itself": (
        "drop policy record_stays_in_its_organization on care.record",
        ["missing: policy care.record.record_stays_in_its_organization"]),
    "a policy of one's own": (
        "create policy by_hand on care.record for select to carekeep_server using (true)",
        ["unexpected: policy care.record.by_hand"]),
    "a policy that lets through more": (
        "alter policy record_read_of_the_patient on care.record using (true)",
        ["differs: policy care.record.record_read_of_the_patient: "]),
    "a grant": (
        "grant delete on care.record to carekeep_server",
        ["unexpected: grant DELETE on table care.record to carekeep_server"]),
    "a grant of one column": (
        "grant select (password_hash) on care.account to carekeep_server",
        ["unexpected: grant SELECT on column care.account.password_hash to carekeep_server"]),
    "a grant taken away": (
        "revoke select on care.record from carekeep_server",
        ["missing: grant SELECT on table care.record to carekeep_server"]),
    "a function changed": (
        "create or replace function care.clock() returns timestamptz language sql stable as $$ select now() $$",
        ["differs: function care.clock(): "]),
    "a function of one's own": (
        "create function care.by_hand() returns int language sql as 'select 1'",
        ["unexpected: function care.by_hand()"]),
    "a function made to run as its owner": (
        "alter function care.acting_organization() reset all",
        ["differs: function care.acting_organization(): "]),
    "row security no longer forced": (
        "alter table care.record no force row level security", ["differs: table care.record: "]),
    "row security off": (
        "alter table care.patient disable row level security", ["differs: table care.patient: "]),
    "a trigger": (
        "create trigger by_hand before insert on care.record for each row execute function "
        "suppress_redundant_updates_trigger()", ["unexpected: trigger "]),
}


def closed(home):
    """Whether everybody is turned away, on pages and at the API, in words."""
    with home.client() as client:
        if client.get("/health/ready").status_code != 503:
            return False
    with Api(home, home.somebody) as api:
        patient = home.somebody.patients[0]
        for path in (f"Patient/{patient}", f"Patient/{patient}/$everything", f"Observation?patient={patient}",
                     "Patient?name=a"):
            answer = api.get(path)
            if answer.status_code != 503:
                return False
            issue = answer.json()["issue"][0]
            assert issue["code"] == "security" and "closed for safety" in issue["diagnostics"]
            assert "entry" not in answer.json()
        answer = api.create({"resourceType": "Patient", "name": [{"family": "Latecomer"}]})
        assert answer.status_code == 503
    with home.client() as client:
        home.sign_in(client, home.somebody)
        for path in ("/patients", f"/patients/{patient}", f"/patients/{patient}/looks", f"/patients/{patient}/sharing"):
            page = client.get(path)
            assert page.status_code == 503 and "Closed for safety" in page.text, path
    return True


@pytest.mark.parametrize("edit", EDITS)
def test_a_hand_edit_closes_the_gate_at_once_is_named_exactly_and_put_right_by_up(running, edit):
    statement, named = EDITS[edit]
    before = readable(running)
    running.sql("records", statement)
    try:
        assert eventually(lambda: closed(running), 3), "a trigger of the database looks after each change of the catalogue"
        found = drift(running)
        assert found[-1] == ("keys", "as released")
        differences = [what for store, what in found if store == "records"]
        assert len(differences) >= len(named)
        for what in differences:
            assert any(what.startswith(one) for one in named), what
        for one in named:
            assert any(what.startswith(one) for what in differences), one
    finally:
        assert migrate(running, "up").returncode == 0
    assert drift(running) == AS_RELEASED
    assert readable(running) == before


def test_what_no_trigger_tells_of_is_noticed_within_half_a_minute(running):
    """Roles are no database's own, and a superuser can silence the trigger first."""
    running.sql("records", "alter event trigger carekeep_guard disable")
    running.sql("records", "alter role carekeep_server bypassrls")
    began = time.monotonic()
    try:
        # By asking for data alone: asking whether it is ready would make it look.
        with Api(running, running.somebody) as api:
            path = f"Patient/{running.somebody.patients[0]}"
            assert eventually(lambda: api.get(path).status_code == 503, 40, every=0.5)
        print(f"\nclosed after {time.monotonic() - began:.0f} s")
        assert closed(running)
        differences = [what for store, what in drift(running) if store == "records"]
        assert len(differences) == 2 and any(one.startswith("differs: role carekeep_server: ") for one in differences)
        assert any("event trigger carekeep_guard" in one for one in differences)
    finally:
        assert migrate(running, "up").returncode == 0
    assert drift(running) == AS_RELEASED and readable(running)


def test_what_policies_do_not_rest_on_is_named_and_stops_nobody(running):
    running.sql("records", "create index by_hand on care.record (created_at)")
    try:
        assert drift(running) == [("records", "unexpected: index care.record.by_hand"), AS_RELEASED[1]]
        assert readable(running)
    finally:
        running.sql("records", "drop index care.by_hand")


def test_an_edit_of_the_keys_is_named_and_put_right(running):
    running.sql("keys", "grant select on keys.subject_key to carekeep_keykeeper")
    assert drift(running) == [
        AS_RELEASED[0], ("keys", "unexpected: grant SELECT on table keys.subject_key to carekeep_keykeeper")]
    assert migrate(running, "up", "--store", "keys").returncode == 0
    assert drift(running) == AS_RELEASED


def test_a_start_does_not_hide_a_hand_edit(running):
    running.stop()
    running.start()
    running.sql("records", "grant delete on care.record to carekeep_server")
    running.stop()
    length = len(running.log.read_text())
    running.start(wait=False)
    try:
        assert eventually(lambda: '"ready"' in running.log.read_text()[length:])
        assert eventually(lambda: closed(running), 5)
        assert drift(running)[0] == ("records", "unexpected: grant DELETE on table care.record to carekeep_server")
    finally:
        assert migrate(running, "up").returncode == 0
    assert eventually(running.is_ready) and drift(running) == AS_RELEASED


def test_a_step_down_under_a_running_server_leaves_nobody_anything(running):
    before = readable(running)
    patient = running.somebody.patients[0]
    with Api(running, running.somebody) as api, running.client() as client:
        assert running.sign_in(client, running.somebody).status_code == 303
        assert migrate(running, "down", "--store", "records").returncode == 0
        try:
            answers = [api.get(f"Patient/{patient}"), api.get(f"Observation?patient={patient}"), api.get("Patient?name=a"),
                       api.create({"resourceType": "Patient", "name": [{"family": "Latecomer"}]}), client.get("/patients"),
                       client.get(f"/patients/{patient}"), client.get("/health/ready")]
        finally:
            assert migrate(running, "up").returncode == 0
    for answer in answers:
        assert answer.status_code >= 400, answer.url
        assert "entry" not in answer.text and "birthDate" not in answer.text
    assert answers[-1].status_code == 503
    assert eventually(running.is_ready)
    assert readable(running) == before


# While it is stopped

@pytest.fixture(scope="module")
def stopped(home):
    for _ in range(6):
        content = readable(home)
    home.before = content, tables(home)
    home.stop()
    return home


def test_commands_start_a_stopped_database_and_stop_it_again(stopped):
    assert migrate(stopped, "status").returncode == 0 and drift(stopped) == AS_RELEASED
    assert not stopped.processes()


@pytest.mark.parametrize("arguments, words", [
    (("down",), "Say which store"), (("up", "--store", "research"), "There is no store research"),
    (("down", "--store", "records", "--to", "99"), "cannot go down to 99"),
    (("down", "--store", "records", "--to=-1"), "cannot go down to -1"), (("sideways",), "Usage: carekeep migrate"),
])
def test_what_makes_no_sense_is_refused_in_words(stopped, arguments, words):
    done = migrate(stopped, *arguments)
    assert done.returncode != 0 and words in done.stderr, done.stderr
    assert drift(stopped) == AS_RELEASED and not stopped.processes()


def test_after_a_step_down_no_server_starts_until_up(stopped):
    done = migrate(stopped, "down", "--store", "records")
    assert done.returncode == 0 and re.fullmatch(r"records: \d{4}-[\w-]+ taken back\n", done.stdout)
    # The demo has something to agree to, and its staff have code apps.
    for meant, rule in [((), "agreements"), (("agreements",), "second_factors")]:
        refused = migrate(stopped, "down", "--store", "records", "--to", "3", meant=meant)
        assert refused.returncode != 0 and f"{rule}_are_not_thrown_away" in refused.stderr
    done = migrate(stopped, "down", "--store", "records", "--to", "3", meant=("agreements", "second_factors"))
    assert done.returncode == 0 and re.fullmatch(r"records: \d{4}-[\w-]+(, \d{4}-[\w-]+)* taken back\n", done.stdout)
    status = migrate(stopped, "status").stdout
    pending = re.findall(r"^records  (\d{4}-[\w-]+)  pending$", status, re.MULTILINE)
    assert pending[:2] == ["0004-version", "0005-snapshot"] and "0003-pass  pending" not in status
    assert "records  not ready: run carekeep migrate up" in status and "keys  ready" in status

    found = ("init", "--name", "N", "--profile", "family", "--country", "GB", "--owner", "O", "--email", "o@n.example")
    for command in (("run",), found):
        refused = stopped.command(*command, timeout=60)
        assert refused.returncode == 1 and "run: carekeep migrate up" in refused.stderr and "records" in refused.stderr
        assert not stopped.processes()

    differences = [what for store, what in drift(stopped) if store == "records"]
    assert "missing: policy care.record.record_stays_in_its_organization" in differences
    made = {"care.version", "care.record_subject", "care.job", "care.job_kind", "care.canary", "care.probe_result",
            "care.office", "care.attestation", "care.attestation_review", "care.attestation_withdrawal",
            "care.vulnerability", "care.vulnerability_act", "care.second_factor", "care.second_factor_offer", "care.recovery_code",
            "care.permission", "care.built_in_role", "care.role", "care.setting", "care.organization_setting", "care.disclosed",
            "care.notice", "care.provider", "care.identity", "care.sign_in_flow", "care.federated_session", "care.sign_in_rule",
            "care.letter", "care.address_change", "care.spending", "care.sign_in_try", "care.refresh_token", "care.token_key",
            "care.agreement", "care.agreement_version", "care.agreement_answer", "care.concern", "care.concern_reply", "care.account_device",
            "care.break_glass", "care.invitation", "care.pause", "care.age_rule", "care.pin", "care.countersignature",
            "care.growing_up", "care.reminder", "care.overview", "care.overview_cell", "care.practitioner"}
    assert {f"missing: table {one}" for one in made} <= set(differences)
    tables = [one for one in differences if re.match(r"(missing|differs): table ", one) and not any(
        re.search(rf"{made_one}\b", one) for made_one in made)]
    # Records stay, under forced row security; some tables lack what the steps gave them.
    lacking = {"care.record", "care.act", "care.session", "care.membership", "care.guard"}
    assert {one.split()[2].rstrip(":,") for one in tables} <= lacking, tables
    assert not any(one.startswith("missing") for one in tables), tables
    assert [one for one in differences if one.startswith("unexpected")] == ["unexpected: index care.change.change_by_record"]


def test_up_brings_everything_back(stopped):
    done = migrate(stopped, "up")
    assert done.returncode == 0 and re.match(r"records: \d{4}-[\w-]+(, \d{4}-[\w-]+)* applied\n", done.stdout)
    assert drift(stopped) == AS_RELEASED
    stopped.start()
    try:
        content, rows = stopped.before
        assert readable(stopped) == content
        now = tables(stopped)
        kept = ("record", "patient", "reach", "token", "account", "membership", "organization", "change", "link", "version")
        assert {name: now[name] for name in kept} == {name: rows[name] for name in kept}
        assert all(rows[name] > 0 for name in ("record", "patient", "reach", "token", "account", "change"))
        assert entries(now) >= entries(rows) >= 12
    finally:
        stopped.stop()


def test_the_key_store_is_not_thrown_away_while_it_holds_a_key(stopped):
    done = migrate(stopped, "down", "--store", "keys")
    assert done.returncode != 0
    assert drift(stopped) == AS_RELEASED


def test_an_organisations_own_role_makes_room_for_a_new_one(stopped):
    stopped.start()
    stopped.sql("records", """
        alter table care.role drop constraint role_is_not_called_like_a_built_in_one;
        insert into care.role (organization_id, id, name, permissions, made_at)
        select organization_id, gen_random_uuid(), 'guest', '{record.read}', now() from care.organization limit 1;
        alter table care.role add constraint role_is_not_called_like_a_built_in_one check (name <> 'guest') not valid""")
    stopped.stop()
    # The release before lets it be called so.
    assert migrate(stopped, "down", "--store", "records", "--to", "37").returncode == 0
    up = migrate(stopped, "up")
    assert up.returncode == 0, up.stderr
    assert drift(stopped) == AS_RELEASED
    stopped.start()
    assert re.fullmatch(r"guest-[0-9a-f]{8}", stopped.sql("records", "select name from care.role"))
    stopped.sql("records", "delete from care.role")
    stopped.stop()


def test_no_step_down_throws_away_what_is_kept_unless_that_is_meant(stopped):
    """What people vouched for, work promised, whom else a record is about, versions, the trail, records: each with the step that made its table."""
    stopped.start()
    with Api(stopped, stopped.somebody) as api:
        found = api.get(f"Observation?patient={stopped.somebody.patients[0]}&_count=1").json()["entry"][0]["resource"]
        changed = api.put(f"Observation/{found['id']}", json=found | {"note": [{"text": "changed"}]},
                          headers={"Content-Type": "application/fhir+json"})
        assert changed.status_code == 200
    before = tables(stopped)
    stopped.sql("records", """
        insert into care.job (organization_id, kind, key, opening_id, enqueued_at, run_at)
        select organization_id, 'promised', gen_random_uuid(), gen_random_uuid(), now(), now() from care.organization limit 1""")
    stopped.sql("records", """
        insert into care.record_subject (organization_id, record_id, patient_id)
        select organization_id, id, patient_id from care.record where patient_id is not null limit 1""")
    stopped.sql("records", """
        insert into care.attestation (id, promise, account_id, words, signed_as, link, since, until, at)
        select gen_random_uuid(), 'GOV-4', id, 'done', 'somebody', 'https://evidence.example', now(), now() + interval '1 year', now()
          from care.account limit 1""")
    stopped.sql("records", """
        insert into care.second_factor (account_id, sealed_secret, last_step, since) select id, '', 0, now() from care.account limit 1""")
    stopped.sql("records", """
        insert into care.role (organization_id, id, name, permissions, made_at)
        select organization_id, gen_random_uuid(), 'kept', '{record.read}', now() from care.organization limit 1""")
    stopped.sql("records", """
        insert into care.organization_setting (organization_id, name, value, changed_at)
        select organization_id, 'kept', '1', now() from care.organization limit 1""")
    stopped.sql("records", """
        with made as (insert into care.provider (organization_id, id, sealed, since)
                      select organization_id, gen_random_uuid(), '', now() from care.organization limit 1 returning *)
        insert into care.identity (organization_id, provider_id, subject_token, account_id, since)
        select made.organization_id, made.id, sha256('somebody'), account.id, now() from made, care.account limit 1""")
    stopped.sql("records", """
        insert into care.vulnerability (id, number, token_sha256, is_test, at, acknowledge_by, answer_by, sealed)
        values (gen_random_uuid(), 1, sha256('token'), false, now(), now() + interval '1 day', now() + interval '2 days', '')""")
    stopped.sql("records", """
        insert into care.pause (organization_id, id, patient_id, account_id, paused_by, ask_account_id, sealed_reason, sealed_patient, since)
        select m.organization_id, gen_random_uuid(), p.id, m.account_id, o.account_id, o.account_id, '', '', now()
          from care.membership m
          join care.membership o on o.organization_id = m.organization_id and o.account_id <> m.account_id
          join care.patient p on p.organization_id = m.organization_id limit 1""")
    stopped.sql("records", """
        insert into care.countersignature (organization_id, record_id, version, written_by, signed_by, session_id, opening_id, at)
        select m.organization_id, r.id, 1, m.account_id, o.account_id, gen_random_uuid(), gen_random_uuid(), now()
          from care.membership m
          join care.membership o on o.organization_id = m.organization_id and o.account_id <> m.account_id
          join care.record r on r.organization_id = m.organization_id limit 1""")
    stopped.sql("records", """
        insert into care.growing_up (organization_id, patient_id, planned_by, grown_up_at)
        select m.organization_id, p.id, m.account_id, now()
          from care.membership m join care.patient p on p.organization_id = m.organization_id limit 1""")
    stopped.sql("records", """
        insert into care.version (
            organization_id, record_id, version, patient_id, kind, is_deleted, sealed, written_at, written_in, private_to)
        select v.organization_id, v.record_id, v.version + 100, v.patient_id, v.kind, v.is_deleted, v.sealed, v.written_at, v.written_in,
               r.account_id
          from care.version v join care.reach r on r.organization_id = v.organization_id and r.patient_id = v.patient_id limit 1""")
    stopped.sql("records", "update care.reach set basis = 'agreement' where id = (select id from care.reach where kind = 'guardian' limit 1)")
    stopped.sql("records", """
        insert into care.break_glass (organization_id, id, account_id, since, key_epoch, salt, sealed)
        select organization_id, gen_random_uuid(), account_id, now(), 1, sha256('salt'), '' from care.membership limit 1""")
    stopped.sql("records", """
        insert into care.account (id, sign_in_token, sealed_address) values ('99999999-0000-4000-8000-000000000038', sha256('guest'), '')""")
    stopped.sql("records", """
        insert into care.membership (organization_id, account_id, roles, sealed_name)
        select organization_id, '99999999-0000-4000-8000-000000000038', '{guest}', '' from care.organization limit 1""")
    stopped.sql("records", """
        insert into care.invitation (organization_id, id, link_sha256, patient_id, invited_by, account_id, kind, purpose, reach_until, sealed,
                                     made_at, until)
        select p.organization_id, gen_random_uuid(), sha256('a guest'), p.id, m.account_id, m.account_id, 'share', 'treatment',
               now() + interval '1 day', '', now(), now() + interval '1 day'
          from care.patient p join care.membership m on m.organization_id = p.organization_id limit 1""")
    stopped.sql("records", """
        insert into care.practitioner (organization_id, record_id, account_id, since)
        select r.organization_id, r.id, m.account_id, now() from care.record r join care.membership m using (organization_id) limit 1""")
    stopped.sql("records", """
        insert into care.overview (organization_id, id, opening_id, account_id, taken_at, smallest)
        select organization_id, gen_random_uuid(), gen_random_uuid(), account_id, now(), 10 from care.membership limit 1""")
    stopped.sql("records", """
        insert into care.concern (organization_id, id, account_id, sealed, at)
        select organization_id, gen_random_uuid(), account_id, '', now() from care.membership limit 1""")
    stopped.sql("records", """
        insert into care.agreement (organization_id, id, kind, begun_at)
        select organization_id, gen_random_uuid(), 'terms', now() from care.organization limit 1""")
    stopped.stop()
    assert before["version"] == 1
    for number, rule in enumerate(
            ("appointments_are_not", "guests_are_not", "overviews_are_not", "private_entries_are_not", "growing_up_is_not", "countersignatures_are_not", "pauses_are_not", "carers_are_not", "emergencies_are_not", "concerns_are_not",
             "agreements_are_not",
             "identities_are_not", "settings_are_not", "roles_are_not", "second_factors_are_not",
             "vulnerabilities_are_not", "attestations_are_not", "jobs_are_not", "subjects_are_not", "versions_are_not", "the_trail_is_not", "records_are_not")):
        refused = migrate(stopped, "down", "--store", "records", "--to", "0", meant=EVERYTHING[:number])
        assert refused.returncode != 0 and f"{rule}_thrown_away" in refused.stderr
        assert "pending" not in migrate(stopped, "status").stdout, "all steps or none"


EVERYTHING = ("appointments", "guests", "overviews", "private", "growing_up", "countersignatures", "pauses", "carers", "emergencies", "concerns", "agreements", "identities", "settings", "roles", "second_factors", "vulnerabilities", "attestations", "jobs", "subjects", "versions", "trail", "records")


def test_all_the_way_down_and_up_again_is_an_empty_installation_as_released(stopped):
    done = migrate(stopped, "down", "--store", "records", "--to", "0", meant=EVERYTHING)
    assert done.returncode == 0
    names = re.findall(r"\d{4}-[\w-]+", done.stdout)
    assert names == sorted(names, reverse=True) and names[-1] == "0001-people"
    assert migrate(stopped, "status").stdout.count("pending") == len(names)
    assert migrate(stopped, "up").returncode == 0
    assert drift(stopped) == AS_RELEASED
    stopped.start()
    with stopped.client() as client:
        answer = client.post("/api/session", json={"email": stopped.somebody.email, "password": stopped.somebody.password})
    assert answer.status_code == 401, "nobody is left"
    for store in STORES:
        assert stopped.postmaster(store)

"""What an organisation sets for itself is done: by the next request, within bounds, and by nobody else. (ROL-6, ACC-1, ACC-3)"""

import contextlib
import re
import secrets

import pytest

from conftest import csrf_of
from installation import Person, installation

ADA = Person("ada@clinic.example")
STAFF = ("admin", "auditor", "clinician", "data-governance-officer", "member", "owner", "principal-investigator",
         "privacy-officer", "researcher", "safety-monitor", "staff")


@pytest.fixture(scope="module")
def home():
    with installation("settings") as home:
        way = home.found("Sunrise Clinic", ADA.email, profile="clinic", country="IN")
        home.start()
        home.set_password(way)
        yield home


@pytest.fixture
def owner(home):
    with home.client(headers={"Origin": home.url}) as client:
        home.code(ADA)  # which of its codes were used is forgotten
        assert home.sign_in(client, ADA).status_code == 303
        yield client
    home.sql("records", "delete from care.organization_setting")


@pytest.fixture
def caregiver(home, owner):
    """Somebody who brings a child, signed in."""
    person = Person(f"{secrets.token_hex(6)}@clinic.example")
    assert home.set_password(invite(home, person.email)).status_code == 303
    with home.client(headers={"Origin": home.url}) as client:
        assert home.sign_in(client, person).status_code == 303
        assert is_in(client)
        yield client


def invite(home, email):
    answer = home.api(ADA).post(f"{home.url}/api/members", json={"name": "Bea Rao", "email": email, "roles": ["patient"]})
    assert answer.status_code == 201, answer.text
    return answer.json()["link"].removeprefix(home.url)


def change(client, name, value=None, **more):
    fields = {"csrf": csrf_of(client.get("/settings")), "name": name, **({} if value is None else {"value": value}), **more}
    return client.post("/settings", data=fields)


def is_in(client):
    return client.get("/patients").status_code == 200


@contextlib.contextmanager
def later(home, time):
    home.sql("records", f"update care.guard set clock_offset = '{time}'")
    try:
        yield
    finally:
        home.sql("records", "update care.guard set clock_offset = '0'")


def test_a_caregivers_session_ends_when_it_is_set_to(home, owner, caregiver):
    with later(home, "119 minutes"):
        assert is_in(caregiver), "a day, as Carekeep comes"
    assert change(owner, "session.idle", "1").status_code == 303
    # Looking wrote down that the session was used: from then on it is counted.
    with later(home, "200 minutes"):
        assert not is_in(caregiver)
    assert is_in(caregiver), "the clock is back"


def test_a_session_that_is_open_ends_as_early_as_one_that_begins(home, owner, caregiver):
    assert change(owner, "session.lasting", "2").status_code == 303
    lasting = home.sql("records", "select max(until - created_at) from care.session where used_as = 'page' and ended_at is null")
    assert lasting == "2 days"


def test_staff_are_signed_out_when_it_is_set_to(home, owner):
    assert change(owner, "session.staff-idle", "5").status_code == 303
    with later(home, "6 minutes"):
        assert not is_in(owner)
    with later(home, "4 minutes"):
        assert is_in(owner)


def test_whoever_is_asked_for_a_code_shows_one_from_the_next_click_on(home, owner, caregiver):
    asked = {f"role-{role}": "yes" for role in (*STAFF, "patient")}
    assert change(owner, "second-factor.required", **asked).status_code == 303
    answer = caregiver.get("/patients")
    assert answer.status_code == 303 and answer.headers["location"].startswith("/second-factor")
    assert change(owner, "second-factor.required", default="yes").status_code == 303


def test_staff_are_asked_for_a_code_whatever_is_set(home, owner):
    asked = {f"role-{role}": "yes" for role in STAFF if role != "clinician"}
    assert change(owner, "second-factor.required", **asked).status_code == 422
    assert home.sql("records", "select count(*) from care.organization_setting") == "0"


def test_something_grave_takes_a_code_as_fresh_as_it_is_set(home, owner):
    with later(home, "90 seconds"):
        assert change(owner, "step-up.within", "1").status_code == 303, "five minutes, as Carekeep comes"
        assert change(owner, "disclosure.limit", "100").headers["location"].startswith("/step-up")
    assert home.sql("records", "select string_agg(name, ',') from care.organization_setting") == "step-up.within"


def test_an_invitation_is_good_for_as_long_as_it_is_set(home, owner):
    assert change(owner, "invitation.lasts", "2").status_code == 303
    way = invite(home, f"{secrets.token_hex(6)}@clinic.example")
    with home.client() as visitor:
        with later(home, "47 hours"):
            assert visitor.get(way).status_code == 200
        with later(home, "49 hours"):
            assert visitor.get(way).status_code == 410


@pytest.mark.parametrize("name, value", [
    ("session.staff-idle", "61"), ("session.staff-idle", "4"), ("session.lasting", "31"), ("session.programs", "25"),
    ("step-up.within", "6"), ("invitation.lasts", "15"), ("disclosure.limit", "19"), ("session.idle", ""),
    ("session.idle", "a day"), ("session.idle", "-1")])
def test_what_is_out_of_bounds_is_said_by_field_and_not_kept(home, owner, name, value):
    answer = change(owner, name, value)
    assert answer.status_code == 422
    field = re.search(rf'<p class="error" id="value-{re.escape(name)}-error">([^<]+)</p>', answer.text)
    assert field and "Please enter a whole number between" in field.group(1)
    assert home.sql("records", "select count(*) from care.organization_setting") == "0"


@pytest.mark.parametrize("name", ["sessions.page_idle", "limits.body", "retention.record", "session.nothing"])
def test_what_is_the_operators_or_nobodys_is_not_set_here(home, owner, name):
    assert change(owner, name, "5").status_code == 422
    assert home.sql("records", "select count(*) from care.organization_setting") == "0"


def test_what_no_database_can_keep_is_refused_by_its_rule(home, owner):
    for name, value in [("session.idle", "5\0"), ("session.idle\0", "5")]:
        answer = change(owner, name, value)
        assert answer.status_code == 422 and "a character in it that cannot be kept" in answer.text
    assert home.sql("records", "select count(*) from care.organization_setting") == "0"


def test_what_was_set_is_told_and_taken_back(home, owner):
    assert "Set here on" not in owner.get("/settings").text
    change(owner, "session.staff-idle", "10")
    page = owner.get("/settings").text
    assert page.count("Set here on") == 1 and "Back to 30 minutes" in page
    change(owner, "session.staff-idle", default="yes")
    assert "Set here on" not in owner.get("/settings").text
    assert home.sql("records", "select count(*) from care.organization_setting") == "0"


def test_nobody_who_may_not_sees_or_sets_them(home, owner, caregiver):
    assert caregiver.get("/settings").status_code == 404
    fields = {"csrf": csrf_of(caregiver.get("/account/password")), "name": "session.idle", "value": "100"}
    assert caregiver.post("/settings", data=fields).status_code in (303, 404)
    assert home.sql("records", "select count(*) from care.organization_setting") == "0"


def test_each_kind_of_organisation_begins_with_its_own(home):
    rows = home.sql("records", """
        select profile || ' ' || name || ' ' || value || ' ' || kind from care.setting where name like 'session.%' and is_obeyed""")
    assert {"family session.idle 7 days", "clinic session.staff-idle 30 minutes",
            "operations session.staff-idle 60 minutes"} <= set(rows.splitlines())
    assert "family session.staff" not in rows, "a family knows no staff"


def test_no_command_of_the_operator_sets_them(home):
    commands = re.findall(r"^  ([a-z][a-z-]+) ", home.command("--help").stdout, re.MULTILINE)
    assert "run" in commands and not [one for one in commands if "setting" in one]

"""What the operator sees of who may do what, and how the operator ends somebody's membership."""

import json
import re

import pytest

from installation import PASSWORD, Person, installation


@pytest.fixture(scope="module")
def home():
    with installation("access") as home:
        link = home.found("The Ferrymen", "ada@ferry.example", "Ada Ferryman", profile="clinic")
        home.start()
        assert home.set_password(link).status_code == 303
        yield home


def test_the_matrix_is_printed_from_the_tables(home):
    done = home.command("access", "matrix")
    assert done.returncode == 0, done.stderr
    acts, cells, opened = map(int, re.search(r"(\d+) acts, (\d+) cells, (\d+) of them open", done.stdout).groups())
    assert acts > 40 and cells > 6_000 and 1_000 < opened < cells / 2
    assert "Not built yet" in done.stdout and "medicines" in done.stdout.split("Not built yet")[1]
    assert home.command("access", "matrix", "--profile", "castle").returncode != 0


def test_the_matrix_says_who_may_do_what(home):
    done = home.command("access", "matrix", "--profile", "clinic", "--json")
    lines = {(one["role"], one["act"]): one for one in map(json.loads, done.stdout.splitlines())}
    assert {one["profile"] for one in lines.values()} == {"clinic"}
    assert lines["clinician", "record.update"]["reach"] == [
        "guardian", "self", "care-team", "assignment", "break-glass-write", "carer", "appointment"]
    assert lines["member", "record.update"]["open"] is False and lines["member", "record.read"]["open"] is True
    assert lines["researcher", "record.read"] == {
        "profile": "clinic", "role": "researcher", "act": "record.read", "permission": "record.read", "open": False, "reach": []}


def test_the_operator_ends_a_membership_at_once(home):
    owner = home.api(Person("ada@ferry.example"))
    nurse = {"name": "Nell Nurse", "email": "nell@nurse.example", "roles": ["staff"]}
    invited = owner.post(f"{home.url}/api/members", json=nurse).json()
    assert home.set_password(invited["link"]).status_code == 303
    nell = home.api(Person("nell@nurse.example"))
    assert nell.get("Patient?name=someone").status_code == 200
    done = home.command("leave", "Nell@nurse.example")
    assert done.returncode == 0 and "do not belong there any more" in done.stdout, done.stderr
    assert nell.get("Patient?name=someone").status_code == 401
    assert home.command("leave", "nell@nurse.example").returncode != 0, "nobody twice"
    last = home.command("leave", "ada@ferry.example")
    assert last.returncode != 0 and "last owner" in last.stderr
    assert owner.get("Patient?name=someone").status_code == 200
    told = home.sql("records", "select count(*) from care.entry where act = 'member.end' and granted and session_id is null")
    assert told.strip() == "1"
    assert PASSWORD not in done.stdout + done.stderr

"""Roles, whoever gives them, and what ends when somebody leaves: over the API and the pages, as real people."""

import datetime
import re
import secrets
import time
import uuid

import pytest

from code_app import begin_api
from conftest import csrf_of


class Person:
    def __init__(self, email, password):
        self.email, self.password = email, password


@pytest.fixture
def clinic_owner(people):
    return people.one(profile="clinic", patients=True)


@pytest.fixture
def join(client, api, clinic_owner):
    """`join(roles)` adds somebody new to the clinic, sets their password, and is their client and id."""

    def add(roles):
        owner = bearer(client, clinic_owner)
        before = {one["id"] for one in client.get("/api/members", headers=owner).json()}
        email = f"{secrets.token_hex(6)}@example.org"
        answer = client.post("/api/members", json={"name": "Nomvula Dube", "email": email, "roles": roles}, headers=owner)
        assert answer.status_code == 201, answer.text
        client.cookies.clear()
        page = client.get(answer.json()["link"])
        fields = {name: re.search(rf'name="{name}" value="([^"]+)"', page.text).group(1) for name in ("csrf", "token")}
        password = "a long walk to the sea"
        assert client.post("/password", data=fields | {"password": password, "again": password}).status_code == 303
        client.cookies.clear()
        person = Person(email, password)
        headers = bearer(client, person)
        after = {one["id"] for one in client.get("/api/members", headers=owner).json()}
        (person.id,) = after - before
        return person, headers

    return add


@pytest.fixture(autouse=True)
def known(server):
    SESSIONS.setdefault("server", server)


# Signed in anew after a while: what is grave takes that somebody showed within five minutes who they are.
SESSIONS = {}


def bearer(client, person):
    token, since = SESSIONS.get(person.email, (None, -1000))
    if time.monotonic() > since + 120:
        with SESSIONS["server"].client() as own:
            answer = begin_api(SESSIONS["server"], own, person)
        assert answer.status_code in (200, 201), answer.text
        token = answer.json()["token"]
        SESSIONS[person.email] = token, time.monotonic()
    return {"Authorization": f"Bearer {token}"}


PATIENT = {"resourceType": "Patient", "name": [{"family": "Tester"}]}


def test_a_role_counts_from_the_next_request_on(client, clinic_owner, join):
    owner = bearer(client, clinic_owner)
    person, theirs = join(["member"])
    assert client.post("/fhir/Patient", json=PATIENT, headers=theirs).status_code == 404
    answer = client.put(f"/api/members/{person.id}/roles", json={"roles": ["staff"]}, headers=owner)
    assert answer.status_code == 204, answer.text
    assert client.post("/fhir/Patient", json=PATIENT, headers=theirs).status_code == 201
    assert client.put(f"/api/members/{person.id}/roles", json={"roles": ["member"]}, headers=owner).status_code == 204
    assert client.post("/fhir/Patient", json=PATIENT, headers=theirs).status_code == 404


def test_an_administrator_makes_no_owner_by_any_door(client, clinic_owner, join):
    person, admin = join(["admin"])
    other, _ = join(["member"])
    owner = bearer(client, clinic_owner)
    owners_id = next(one["id"] for one in client.get("/api/members", headers=owner).json() if "owner" in one["roles"])
    for target in (person.id, other.id):
        answer = client.put(f"/api/members/{target}/roles", json={"roles": ["admin", "owner"]}, headers=admin)
        assert answer.status_code == 403, answer.text
    assert client.put(f"/api/members/{owners_id}/roles", json={"roles": ["member"]}, headers=admin).status_code == 403
    assert client.delete(f"/api/members/{owners_id}", headers=admin).status_code == 403
    newcomer = {"name": "N", "email": f"{secrets.token_hex(6)}@example.org", "roles": ["owner"]}
    assert client.post("/api/members", json=newcomer, headers=admin).status_code == 403
    assert client.put(f"/api/members/{other.id}/roles", json={"roles": ["staff"]}, headers=admin).status_code == 204


def test_a_role_of_ones_own_permits_what_it_says(client, clinic_owner, join):
    owner = bearer(client, clinic_owner)
    name = f"desk {secrets.token_hex(4)}"
    role = client.post("/api/roles", json={"name": name, "permissions": ["member.read"]}, headers=owner)
    assert role.status_code == 201, role.text
    role = role.json()["id"]
    person, theirs = join(["member"])
    answer = client.put(f"/api/members/{person.id}/roles", json={"roles": [], "own_roles": [role]}, headers=owner)
    assert answer.status_code == 204, answer.text
    assert client.get("/api/members", headers=theirs).status_code == 200
    assert client.get("/fhir/Patient?name=a", headers=theirs).status_code == 404
    changed = {"permissions": ["member.read", "record.read"]}
    assert client.put(f"/api/roles/{role}", json=changed, headers=owner).status_code == 204
    assert client.get("/fhir/Patient?name=a", headers=theirs).status_code == 200
    assert client.delete(f"/api/roles/{role}", headers=owner).status_code == 204
    assert client.get("/api/members", headers=theirs).status_code == 404


@pytest.mark.parametrize("role, at", [
    ({"name": "owner", "permissions": ["record.read"]}, "name"), ({"name": "Ada!", "permissions": ["record.read"]}, "name"),
    ({"name": "desk", "permissions": []}, "permissions"), ({"name": "desk", "permissions": ["journal.read"]}, "permissions"),
])
def test_what_is_wrong_with_a_role_is_told(client, clinic_owner, role, at):
    answer = client.post("/api/roles", json=role, headers=bearer(client, clinic_owner))
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"] == [at]


def test_whoever_leaves_is_out_at_once_and_may_come_back_with_nothing(client, clinic_owner, join):
    owner = bearer(client, clinic_owner)
    person, theirs = join(["clinician"])
    patient = client.post("/fhir/Patient", json=PATIENT, headers=theirs).json()["id"]
    assert client.get(f"/fhir/Patient/{patient}", headers=theirs).status_code == 200
    answer = client.delete(f"/api/members/{person.id}", headers=owner)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"patients_without_anybody": 1}
    assert client.get(f"/fhir/Patient/{patient}", headers=theirs).status_code == 401
    assert client.post("/api/session", json={"email": person.email, "password": person.password}).status_code == 401
    again = {"name": "Nomvula Dube", "email": person.email, "roles": ["clinician"]}
    invited = client.post("/api/members", json=again, headers=owner)
    assert invited.status_code == 201 and invited.json()["purpose"] == "join"


def test_what_a_leaver_sent_lets_nobody_in(client, clinic_owner, join):
    person, theirs = join(["admin"])
    links = {}
    for sender, headers in (("leaver", theirs), ("owner", bearer(client, clinic_owner))):
        body = {"name": "Nomvula Dube", "email": f"{secrets.token_hex(6)}@example.org", "roles": ["staff"]}
        answer = client.post("/api/members", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        links[sender] = answer.json()["link"]
        assert client.get(links[sender]).status_code == 200
    assert client.delete(f"/api/members/{person.id}", headers=bearer(client, clinic_owner)).status_code == 200
    client.cookies.clear()
    assert client.get(links["leaver"]).status_code == 410
    assert client.get(links["owner"]).status_code == 200


def test_a_successor_takes_over_whom_nobody_else_looks_after(client, clinic_owner, join):
    owner = bearer(client, clinic_owner)
    person, theirs = join(["clinician"])
    successor, next_one = join(["clinician"])
    patient = client.post("/fhir/Patient", json=PATIENT, headers=theirs).json()["id"]
    assert client.get(f"/fhir/Patient/{patient}", headers=next_one).status_code == 404
    answer = client.delete(f"/api/members/{person.id}?successor={successor.id}", headers=owner)
    assert answer.json() == {"patients_without_anybody": 0}
    assert client.get(f"/fhir/Patient/{patient}", headers=next_one).status_code == 200


def test_the_last_owner_stays(client, people):
    crew = next(one for one in people if one.profile == "operations" and "owner" in one.role)
    headers = bearer(client, crew)
    own = next(one["id"] for one in client.get("/api/members", headers=headers).json() if "owner" in one["roles"])
    assert client.delete(f"/api/members/{own}", headers=headers).status_code == 409
    assert client.put(f"/api/members/{own}/roles", json={"roles": ["staff"]}, headers=headers).status_code == 409
    assert client.get("/api/members", headers=headers).status_code == 200


def test_more_patients_than_a_days_limit_are_not_shown_and_the_owner_sees_it(client, clinic_owner, join, sign_in):
    person, theirs = join(["clinician"])
    for number in range(21):
        named = {"resourceType": "Patient", "name": [{"family": f"Counted{number}"}]}
        assert client.post("/fhir/Patient", json=named, headers=theirs).status_code == 201
    assert len(client.get("/fhir/Patient?name=counted", headers=theirs).json()["entry"]) == 21
    other, others = join(["clinician"])
    for number in range(21):
        named = {"resourceType": "Patient", "name": [{"family": f"Other{number}"}]}
        assert client.post("/fhir/Patient", json=named, headers=others).status_code == 201
    client.cookies.clear()
    sign_in(clinic_owner)

    def set_limit(value):
        page = client.get("/settings")
        csrf = re.search(r'name="csrf" value="([^"]+)"', page.text).group(1)
        sent = {"value": value} if value else {"default": "yes"}
        return client.post("/settings", data={"csrf": csrf, "name": "disclosure.limit"} | sent)

    assert set_limit("3").status_code == 422, "below its floor"
    assert set_limit("20").status_code == 303
    try:
        refused = client.get("/fhir/Patient?name=other", headers=others)
        assert refused.status_code == 429 and refused.json()["issue"][0]["code"] == "throttled"
        assert client.get("/fhir/Patient?name=other1&_count=5", headers=others).status_code == 200
        assert "more people in a day than the limit" in client.get("/members").text
    finally:
        assert set_limit("").status_code == 303


def test_the_pages_give_roles_make_them_and_end_memberships(client, clinic_owner, join, sign_in):
    person, theirs = join(["member"])
    client.cookies.clear()
    sign_in(clinic_owner)

    def post(path, page, **fields):
        csrf = re.search(r'name="csrf" value="([^"]+)"', client.get(page).text).group(1)
        return client.post(path, data=fields | {"csrf": csrf})

    one = f"/members/{person.id}"
    assert "Nomvula Dube" in client.get("/members").text
    assert post(one, one).status_code == 422, "at least one role"
    assert post(one, one, **{"role-staff": "yes"}).status_code == 303
    assert client.post("/fhir/Patient", json=PATIENT, headers=theirs).status_code == 201
    name = f"night {secrets.token_hex(3)}"
    assert post("/roles", "/roles", name=name).status_code == 422, "it permits something"
    assert post("/roles", "/roles", name=name, **{"may-record.read": "yes"}).status_code == 303
    page = client.get("/roles").text
    assert name in page
    role = re.search(r'href="(/roles/[0-9a-f-]{36})"', page).group(1)
    assert client.get(role).status_code == 200
    assert post(f"{one}/end", one).status_code == 422, "only by whoever is sure"
    assert post(f"{one}/end", one, sure="yes").status_code == 303
    assert client.get("/api/members", headers=theirs).status_code == 401
    assert client.get(one).status_code == 404


def test_others_see_none_of_these_pages(client, people, sign_in):
    desk = people.one(profile="clinic", patients=False)
    sign_in(desk)
    for page in ("/members", "/roles", "/settings"):
        assert client.get(page).status_code == 404
    assert "/members" not in client.get("/patients").text


def test_a_doctor_lets_a_colleague_in_and_out(client, clinic_owner, join):
    doctor, theirs = join(["clinician"])
    mate, mates = join(["clinician"])
    patient = client.post("/fhir/Patient", json=PATIENT, headers=theirs).json()["id"]
    team = f"/api/patients/{patient}/team"
    assert client.get(f"/fhir/Patient/{patient}", headers=mates).status_code == 404
    assert client.post(team, json={"member": mate.id, "kind": "care-team"}, headers=mates).status_code == 404
    assert client.post(team, json={"member": mate.id, "kind": "guardian"}, headers=theirs).status_code == 422
    assert client.post(team, json={"member": mate.id, "kind": "assignment"}, headers=theirs).status_code == 422
    given = client.post(team, json={"member": mate.id, "kind": "care-team"}, headers=theirs)
    assert given.status_code == 201, given.text
    assert client.get(f"/fhir/Patient/{patient}", headers=mates).status_code == 200
    kinds = [one["kind"] for one in client.get(team, headers=mates).json()]
    assert kinds == ["care-team", "care-team"]
    assert client.delete(f"{team}/{given.json()['id']}", headers=theirs).status_code == 204
    assert client.get(f"/fhir/Patient/{patient}", headers=mates).status_code == 404


def test_a_doctor_lets_a_colleague_in_on_the_page(client, clinic_owner, join, sign_in):
    doctor, theirs = join(["clinician"])
    mate, mates = join(["clinician"])
    patient = client.post("/fhir/Patient", json=PATIENT, headers=theirs).json()["id"]
    team = f"/patients/{patient}/team"
    sign_in(doctor)
    assert f'href="{team}"' in client.get(f"/patients/{patient}").text
    post = lambda place, **fields: client.post(place, data={"csrf": csrf_of(client.get(team))} | fields)
    errors = lambda answer: set(re.findall(r'id="(\w+)-error"', answer.text))
    wrong = post(team, colleague="", kind="", until="")
    assert wrong.status_code == 422 and errors(wrong) == {"colleague", "kind"}
    far = (datetime.date.today() + datetime.timedelta(days=40)).isoformat()
    for until in ("", "soon", "2001-01-01", far):
        wrong = post(team, colleague=mate.id, kind="assignment", until=until)
        assert wrong.status_code == 422 and errors(wrong) == {"until"}, until
    assert errors(post(team, colleague=doctor.id, kind="care-team")) == {"colleague"}, "not oneself"
    assert client.get(f"/fhir/Patient/{patient}", headers=mates).status_code == 404
    soon = (datetime.date.today() + datetime.timedelta(days=3)).isoformat()
    assert post(team, colleague=mate.id, kind="assignment", until=soon).headers["location"] == f"{team}?done=in"
    assert client.get(f"/fhir/Patient/{patient}", headers=mates).status_code == 200
    page = client.get(team).text
    assert "Was sent to the job" in page and f'value="{mate.id}"' not in page, "who is in is not offered"
    reaches = re.findall(r'name="reach" value="([0-9a-f-]{36})"', page)
    assert len(reaches) == 2
    assert post(f"{team}/end", reach=str(uuid.uuid4())).status_code == 404
    assert post(f"{team}/end", reach=reaches[1]).headers["location"] == f"{team}?done=ended"
    assert client.get(f"/fhir/Patient/{patient}", headers=mates).status_code == 404
    gone = post(f"{team}/end", reach=reaches[0], own="yes")
    assert gone.headers["location"] == "/patients" and client.get(team).status_code == 404
    client.cookies.clear()
    sign_in(mate)
    assert client.get(team).status_code == 404

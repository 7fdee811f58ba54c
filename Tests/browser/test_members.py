"""Owners and administrators add people to their organisation; nobody else does."""

import re
import secrets

import pytest


@pytest.fixture
def newcomer():
    return {"name": "Nomvula Dube", "email": f"{secrets.token_hex(6)}@example.org", "roles": ["caregiver"]}


@pytest.fixture
def add(server, api):
    """Asks, as somebody, for a newcomer to be added."""

    def ask(person, newcomer):
        return api(person).post(f"{server.url}/api/members", json=newcomer)

    return ask


def owner(people):
    return next(one for one in people if "owner" in one.role or one.role == "mother")


def nobody_in_charge(people):
    return next(one for one in people if one.role == "grandmother" or "off shift" in one.role)


def test_an_owner_adds_somebody_who_sets_a_password_and_signs_in(client, add, people, newcomer):
    answer = add(owner(people), newcomer)
    assert answer.status_code == 201, answer.text
    link = answer.json()["link"]
    page = client.get(link)
    assert page.status_code == 200
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text).group(1)
    token = re.search(r'name="token" value="([^"]+)"', page.text).group(1)
    password = "a long walk to the sea"
    form = {"csrf": csrf, "token": token, "password": password, "again": password}
    assert client.post("/password", data=form).status_code == 303
    assert client.post("/password", data=form).status_code in (403, 410), "the link works once"
    answer = client.post("/api/session", json={"email": newcomer["email"], "password": password})
    assert answer.status_code == 201
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    names = [one["name"] for one in client.get("/api/members", headers=headers).json()]
    assert newcomer["name"] in names
    patient = owner(people).patients[0]
    assert client.get(f"/fhir/Patient/{patient}", headers=headers).status_code == 404, "belonging is not reaching"


def test_others_add_nobody(add, people, newcomer):
    assert add(nobody_in_charge(people), newcomer).status_code == 404


@pytest.mark.parametrize("changed", [
    {"name": ""}, {"email": "nobody"}, {"roles": []}, {"roles": ["king"]}, {"roles": "owner"}, {"name": 5},
])
def test_what_is_wrong_with_a_newcomer_is_told_by_element(add, people, newcomer, changed):
    answer = add(owner(people), newcomer | changed)
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"] == list(changed)


def test_the_same_person_twice_is_a_conflict(add, people, newcomer):
    assert add(owner(people), newcomer).status_code == 201
    assert add(owner(people), newcomer).status_code == 409

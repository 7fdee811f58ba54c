"""Two people on one device: the second signs what the first has just written, by a PIN, as themselves."""

import re
import time

import pytest

from code_app import csrf_of, second_step
from conftest import Api

PIN, OTHER = "284915", "730264"


@pytest.fixture(scope="module")
def owner(people):
    return people.one(role="owner, doctor")


@pytest.fixture(scope="module")
def doctor(people):
    return people.one(profile="clinic", role="doctor")


@pytest.fixture(scope="module")
def patient(owner, doctor):
    return next(one for one in owner.patients if one in doctor.patients)


@pytest.fixture(scope="module")
def enter(server):
    """`enter(person)` is a browser in which they are signed in, for the length of the module: no code of staff is good twice."""
    clients = {}

    def as_(person):
        if person.email not in clients:
            client = clients[person.email] = server.client()
            fields = {"csrf": csrf_of(client.get("/sign-in")), "email": person.email, "password": person.password}
            assert client.post("/sign-in", data=fields, headers={"Origin": server.url}).status_code == 303
            second_step(server, client, person)
        return clients[person.email]

    yield as_
    for one in clients.values():
        one.close()


@pytest.fixture
def write(api, owner, patient):
    """`write()` makes an entry of the owner's, and answers where it is."""

    def make(person=owner, patient=patient):
        answer = api(person).create({
            "resourceType": "MedicationAdministration", "status": "completed", "effectiveDateTime": "2026-11-20T08:00:00Z",
            "medicationCodeableConcept": {"text": "Morphine"}, "subject": {"reference": f"Patient/{patient}"},
            "dosage": {"dose": {"value": 5, "unit": "mg"}}})
        assert answer.status_code == 201, answer.text
        return f"/patients/{patient}/records/MedicationAdministration%2E{answer.json()['id']}"

    return make


def post(client, page, path=None, **fields):
    answer = client.get(page)
    assert answer.status_code == 200, (page, answer.status_code, answer.headers.get("location"))
    return client.post(path or page, data=fields | {"csrf": csrf_of(answer)})


@pytest.fixture(scope="module")
def with_pin(enter, doctor):
    """The doctor has a PIN."""
    answer = post(enter(doctor), "/account/pin", pin=PIN, again=PIN)
    assert answer.status_code == 303 and answer.headers["location"] == "/account/pin?done=set", answer.text


def account_of(page, name):
    """The id under which somebody stands in the choice of a page."""
    return re.search(rf'<option value="([0-9a-f-]{{36}})"[^>]*>{re.escape(name)}<', page.text).group(1)


def test_a_pin_is_chosen_and_taken_away(enter, people):
    client = enter(people.one(role="front desk, reaches nobody yet"))
    assert "/account/pin" in client.get("/account").text
    assert "no PIN here yet" in client.get("/account/pin").text
    for pin, again, words in (("12345", "12345", "six digits"), ("123456", "123456", "among the first"),
                              (PIN, OTHER, "not the same"), ("", "", "six digits")):
        answer = post(client, "/account/pin", pin=pin, again=again)
        assert answer.status_code == 422 and words in answer.text
        assert not pin or f'value="{pin}"' not in answer.text
    assert post(client, "/account/pin", pin=PIN, again=PIN).status_code == 303
    assert "You have one since" in client.get("/account/pin").text
    assert post(client, "/account/pin", "/account/pin/remove").headers["location"] == "/account/pin?done=removed"
    assert post(client, "/account/pin", "/account/pin/remove").status_code in (200, 403, 404)
    told = client.get("/account/activity").text
    assert "Chose a PIN" in told and "Took the PIN away" in told


def test_a_second_person_signs_what_the_first_wrote(enter, owner, doctor, write, with_pin):
    entry = write()
    client = enter(owner)
    assert f"{entry}/sign" in client.get(entry).text
    page = client.get(f"{entry}/sign")
    member = account_of(page, doctor.name)
    options = re.search(r"<select.*?</select>", page.text, re.S).group(0)
    assert owner.name not in options, "nobody signs for themselves"
    assert "value=\"\"" in page.text and PIN not in page.text
    for fields, status, words in (
            ({"member": member, "pin": OTHER}, 422, "not the PIN"), ({"pin": PIN}, 422, "choose your name"),
            ({"member": "00000000-0000-4000-8000-000000000000", "pin": PIN}, 422, "somebody else than the first"),
            ({"member": member, "pin": "é" * 4000}, 422, "not the PIN")):
        answer = post(client, f"{entry}/sign", version="1", **fields)
        assert answer.status_code == status and words in answer.text
    assert post(client, f"{entry}/sign", version="2", member=member, pin=PIN).status_code == 409
    assert post(client, f"{entry}/sign", version="x", member=member, pin=PIN).status_code == 409
    began = time.monotonic()
    signed = post(client, f"{entry}/sign", version="1", member=member, pin=PIN)
    assert signed.status_code == 303 and signed.headers["location"] == entry
    shown = client.get(entry).text
    assert time.monotonic() - began < 5
    words = " ".join(re.sub("<[^>]+>", "", shown).split())
    assert f"Written by {owner.name}, and signed by {doctor.name} as the second person on {owner.name}" in words
    assert f"{entry}/sign" not in shown
    assert "signed by" in client.get(f"{entry}/versions/1").text
    assert "cannot be signed now" in client.get(f"{entry}/sign").text
    # The session is whose it was.
    assert owner.email in client.get("/account").text
    assert "Handed an entry to a second person" in client.get("/account/activity").text
    client = enter(doctor)
    told = client.get("/account/activity").text
    assert "Signed an entry as the second person, on somebody else’s device" in told


def test_the_owner_of_a_pin_alone_signs_by_it(enter, owner, doctor, people, write, with_pin):
    """The first person's own PIN is not the second's; another's entry is not the first's to hand on; a stranger sees nothing."""
    entry = write()
    client = enter(owner)
    assert post(client, "/account/pin", pin=OTHER, again=OTHER).status_code == 303
    member = account_of(client.get(f"{entry}/sign"), doctor.name)
    assert post(client, f"{entry}/sign", version="1", member=member, pin=OTHER).status_code == 422
    client = enter(doctor)
    page = client.get(f"{entry}/sign")
    assert page.status_code == 200 and "cannot be signed now" in page.text, "the doctor did not write it"
    client = enter(people.parent)
    assert client.get(f"{entry}/sign").status_code == 404
    assert client.post(f"{entry}/sign", data={"csrf": csrf_of(client.get("/account/pin")), "version": "1", "member": member,
                                              "pin": PIN}).status_code == 404


def test_a_signature_is_of_one_version(enter, api, owner, doctor, write, with_pin):
    entry = write()
    client = enter(owner)
    member = account_of(client.get(f"{entry}/sign"), doctor.name)
    assert post(client, f"{entry}/sign", version="1", member=member, pin=PIN).status_code == 303
    name = entry.rsplit("%2E", 1)[1]
    resource = api(owner).get(f"MedicationAdministration/{name}").json()
    resource["dosage"]["dose"]["value"] = 10
    answer = api(owner).put(f"MedicationAdministration/{name}", json=resource, headers={"If-Match": 'W/"1"'})
    assert answer.status_code == 200, answer.text
    assert "as the second person" not in client.get(entry).text, "what was changed since is not what they signed"
    assert "as the second person" in client.get(f"{entry}/versions/1").text
    assert f"{entry}/sign" in client.get(entry).text


def test_wrong_pins_wait_and_lock_nobody_out(client, sign_in, enter, owner, doctor, write, with_pin):
    entry = write()
    first = enter(owner)
    member = account_of(first.get(f"{entry}/sign"), doctor.name)
    for _ in range(5):
        assert post(first, f"{entry}/sign", version="1", member=member, pin=OTHER).status_code == 422
    waits = post(first, f"{entry}/sign", version="1", member=member, pin=PIN)
    assert waits.status_code == 429 and 0 < int(waits.headers["retry-after"]) <= 30 and "Please wait" in waits.text
    assert sign_in(doctor).status_code == 303, "signing in is not touched"
    assert client.get("/patients").status_code == 200


def test_programs_do_it_too(server, api, owner, doctor, people, write, with_pin):
    entry = write()
    base = f"{server.url}/api{entry}/signatures"
    assert api(owner).get(base).json() == []
    offer = api(owner).get(f"{base}/offer").json()
    assert offer["version"] == 1 and offer["can_be_signed"] is True
    second = next(one for one in offer["members"] if one["name"] == doctor.name)
    for body, status in (({}, 422), ({"version": 1, "member": second["id"]}, 422), ({"version": 1, "member": "x", "pin": PIN}, 422),
                         ({"version": "1", "member": second["id"], "pin": PIN}, 422),
                         ({"version": 1, "member": second["id"], "pin": 284915}, 422)):
        answer = api(owner).post(base, json=body)
        assert answer.status_code == status and "must be" in answer.text, answer.text
    own = api(owner).post(base, json={"version": 1, "member": person_id(server, owner), "pin": PIN})
    assert own.status_code == 422 and "second_person_needed" in own.text
    assert api(people.parent).get(base).status_code == 404
    assert api(people.parent).post(base, json={"version": 1, "member": second["id"], "pin": PIN}).status_code == 404
    wait = api(owner).post(base, json={"version": 1, "member": second["id"], "pin": PIN})
    if wait.status_code == 429:  # what the test before has tried
        time.sleep(int(wait.headers["retry-after"]) + 1)
        wait = api(owner).post(base, json={"version": 1, "member": second["id"], "pin": PIN})
    assert wait.status_code == 204, wait.text
    signed, = api(owner).get(base).json()
    assert signed["version"] == 1 and signed["signed_by"] == second
    assert signed["written_by"]["name"] == signed["on_device_of"]["name"] == owner.name
    again = api(owner).post(base, json={"version": 1, "member": second["id"], "pin": PIN})
    assert again.status_code == 409 and "cannot_be_countersigned" in again.text


def person_id(server, person):
    with Api(server, person) as api:
        members = api.get(f"{server.url}/api/members").json()
    return next(one["id"] for one in members if one["name"] == person.name)

"""Reach by appointment: in a clinic, whoever an appointment names sees the patient around it, and no longer. (ROL-3)"""

import html
import re
import secrets
from datetime import datetime, timedelta, timezone

import pytest

from code_app import csrf_of
from installation import Person, create, installation, patient

#: The owner, who keeps the clinic's diary.
DESK = Person("desk@clinic.example")


@pytest.fixture(scope="module")
def home():
    with installation("appointments") as home:
        way = home.found("Sunrise Clinic", DESK.email, "Deepa Rao", profile="clinic")
        home.start()
        assert home.set_password(way).status_code == 303
        yield home


@pytest.fixture(scope="module")
def desk(home):
    return home.api(DESK)


def somebody(home, desk, roles, name="Imani Bello"):
    person = Person(f"{secrets.token_hex(6)}@clinic.example")
    answer = desk.post(f"{home.url}/api/members", json={"name": name, "email": person.email, "roles": roles})
    assert answer.status_code == 201, answer.text
    assert home.set_password(answer.json()["link"]).status_code == 303
    members = desk.get(f"{home.url}/api/members").json()
    person.id = next(one["id"] for one in reversed(members) if one["name"] == name)
    return person


def practitioner(home, desk, name="Bello", member=None):
    id = create(desk, {"resourceType": "Practitioner", "name": [{"family": name, "given": ["Imani"]}]})
    if member:
        said = desk.put(f"{home.url}/api/practitioners", json={"practitioner": f"Practitioner/{id}", "member": member.id})
        assert said.status_code == 204, said.text
    return f"Practitioner/{id}"


@pytest.fixture
def doctor(home, desk):
    """A doctor who reaches nobody yet, and who they are in the directory."""
    person = somebody(home, desk, ["clinician"], f"Imani {secrets.token_hex(3)}")
    return home.api(person), practitioner(home, desk, member=person), person


def appointment(patient, practitioners, days=2, status="booked", answer="accepted", **more):
    start = datetime.now(timezone.utc) + timedelta(days=days)
    text = lambda time: time.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"resourceType": "Appointment", "status": status, "start": text(start), "end": text(start + timedelta(minutes=20)),
            "participant": [{"actor": {"reference": f"Patient/{patient}"}, "status": "accepted"}]
            + [{"actor": {"reference": one}, "status": answer} for one in practitioners], **more}


def reads(api, id):
    answer = api.get(f"Patient/{id}")
    assert answer.status_code in (200, 404), answer.text
    return answer.status_code == 200


def team(home, api, id):
    return [line["kind"] for line in api.get(f"{home.url}/api/patients/{id}/team").json()]


def test_whoever_an_appointment_names_sees_the_patient_and_may_write(home, desk, doctor):
    api, reference, _ = doctor
    id, other = create(desk, patient()), create(desk, patient())
    assert not reads(api, id), "before there is one"
    create(desk, appointment(id, [reference]))
    assert reads(api, id) and not reads(api, other)
    assert [one["resource"]["id"] for one in api.get("Patient").json()["entry"]] == [id], "their list of patients"
    note = {"resourceType": "Condition", "code": {"text": "Sore shin"}, "subject": {"reference": f"Patient/{id}"}}
    create(api, note)
    assert "appointment" in team(home, api, id)
    colleague = somebody(home, desk, ["clinician"], f"Kabir {secrets.token_hex(3)}")
    asked = api.post(f"{home.url}/api/patients/{id}/team", json={"member": colleague.id, "kind": "care-team"})
    assert asked.status_code == 404, "whoever is there by an appointment lets nobody in"
    with home.client() as client:
        home.sign_in(client, DESK)
        assert client.get(f"/patients/{id}/sharing").status_code == 404, "the care team does not keep the record"


def test_by_their_own_appointment_they_let_nobody_in(home, desk, doctor):
    api, reference, _ = doctor
    id = create(desk, patient())
    create(desk, appointment(id, [reference]))
    colleague = somebody(home, desk, ["clinician"], f"Kabir {secrets.token_hex(3)}")
    create(api, appointment(id, [practitioner(home, desk, member=colleague)]))
    assert not reads(home.api(colleague), id)


def test_it_follows_what_becomes_of_the_appointment(home, desk, doctor):
    api, reference, _ = doctor
    id = create(desk, patient())
    one = create(desk, appointment(id, [reference]))

    def write(**changes):
        answer = desk.put(f"Appointment/{one}", json=appointment(id, **{"practitioners": [reference]} | changes) | {"id": one})
        assert answer.status_code == 200, answer.text

    for what, changes, expected in (
            ("cancelled", {"status": "cancelled"}, False), ("booked again", {}, True),
            ("far ahead", {"days": 20}, False), ("last week, for letters", {"days": -7, "status": "fulfilled"}, True),
            ("long ago", {"days": -60, "status": "fulfilled"}, False), ("soon", {"days": 1}, True),
            ("only asked for", {"status": "proposed"}, False), ("arrived", {"status": "arrived", "days": 0}, True),
            ("with nobody", {"practitioners": []}, False), ("with them", {}, True),
            ("they declined", {"answer": "declined"}, False), ("they did not", {}, True)):
        write(**changes)
        assert reads(api, id) == expected, what
    assert desk.delete(f"Appointment/{one}").status_code == 204
    assert not reads(api, id), "deleted"


def test_it_works_in_a_transaction_and_by_a_role_of_theirs(home, desk, doctor):
    api, _, person = doctor
    role = create(desk, {"resourceType": "PractitionerRole", "specialty": [{"text": "Rheumatology"}]})
    said = desk.put(f"{home.url}/api/practitioners", json={"practitioner": f"PractitionerRole/{role}", "member": person.id})
    assert said.status_code == 204
    booked = appointment("x", [f"PractitionerRole/{role}"])
    booked["participant"][0]["actor"]["reference"] = "urn:uuid:0b0a7f3c-1d1f-4a5f-8a48-3f1c0a3d8e11"
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [
        {"fullUrl": "urn:uuid:0b0a7f3c-1d1f-4a5f-8a48-3f1c0a3d8e11", "resource": patient(), "request": {"method": "POST", "url": "Patient"}},
        {"resource": booked, "request": {"method": "POST", "url": "Appointment"}}]}
    answer = desk.post(f"{home.url}/fhir", json=bundle)
    assert answer.status_code == 200, answer.text
    assert reads(api, answer.json()["entry"][0]["response"]["location"].split("/")[1])


def test_moved_to_another_patient_it_opens_that_one(home, desk, doctor):
    api, reference, _ = doctor
    wrong, right = create(desk, patient()), create(desk, patient())
    one = create(desk, appointment(wrong, [reference]))
    assert reads(api, wrong)
    answer = desk.post(f"Appointment/{one}/$move", json={"resourceType": "Parameters", "parameter": [
        {"name": "to", "valueReference": {"reference": f"Patient/{right}"}}]})
    assert answer.status_code == 200, answer.text
    assert not reads(api, wrong) and reads(api, right)


def test_merged_into_another_patient_it_opens_that_one(home, desk, doctor):
    api, reference, _ = doctor
    source, target = create(desk, patient()), create(desk, patient())
    create(desk, appointment(source, [reference]))
    answer = desk.post(f"{home.url}/fhir/Patient/$merge", json={"resourceType": "Parameters", "parameter": [
        {"name": "source-patient", "valueReference": {"reference": f"Patient/{source}"}},
        {"name": "target-patient", "valueReference": {"reference": f"Patient/{target}"}}]})
    assert answer.status_code == 200, answer.text
    assert reads(api, target)


def test_an_administrator_says_who_is_who_on_a_page(home, desk, doctor):
    api, reference, person = doctor
    second = practitioner(home, desk, "Okafor")
    with home.client() as client:
        home.sign_in(client, DESK)
        assert '<a href="/practitioners"' in client.get("/members").text
        page = client.get("/practitioners")
        assert page.status_code == 200 and "Imani Okafor" in page.text
        send = lambda **fields: client.post("/practitioners", data=fields | {"csrf": csrf_of(page)})
        wrong = send(practitioner="Location/1", member="")
        assert wrong.status_code == 422 and "Please choose a practitioner." in wrong.text and "Please choose who that is." in wrong.text
        assert send(practitioner=second, member=person.id).headers["location"] == "/practitioners?done=1"
        shown = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get("/practitioners?done=1").text)))
        assert re.search(r"Imani Okafor is Imani [0-9a-f]{6}", shown), shown
        id = create(desk, patient())
        create(desk, appointment(id, [second]))
        assert reads(api, id)
        assert send(practitioner=second, member="nobody").status_code == 303
        assert not reads(api, id), "nobody any more"
        assert "Said who is who in appointments" in client.get("/account/activity").text


def test_who_may_not_say_who_is_who(home, desk, doctor):
    api, reference, person = doctor
    address = f"{home.url}/api/practitioners"
    assert api.put(address, json={"practitioner": reference, "member": person.id}).status_code == 404
    assert any(line["practitioner"] == reference and line["member"] == person.id for line in api.get(address).json())
    admin = home.api(somebody(home, desk, ["admin"], "Asha Rao"))
    own = next(one["id"] for one in admin.get(f"{home.url}/api/members").json() if one["name"] == "Asha Rao")
    refused = admin.put(address, json={"practitioner": reference, "member": own})
    assert refused.status_code == 422 and refused.json()["issue"][0]["code"] == "business-rule", "not of oneself"
    for body, place in (({"practitioner": "Location/1", "member": person.id}, "practitioner"), ({"practitioner": reference}, "member"),
                        ({"practitioner": reference, "member": "me"}, "member")):
        answer = desk.put(address, json=body)
        assert answer.status_code == 422 and answer.json()["issue"][0]["expression"] == [place], answer.text
    unknown = desk.put(address, json={"practitioner": "Practitioner/nobody", "member": person.id})
    assert unknown.status_code == 404
    with home.client() as client:
        home.sign_in(client, person)
        assert client.get("/practitioners").status_code == 404


def test_whoever_leaves_is_no_practitioner_any_more(home, desk, doctor):
    api, reference, person = doctor
    id = create(desk, patient())
    create(desk, appointment(id, [reference]))
    assert desk.delete(f"{home.url}/api/members/{person.id}").status_code == 200
    known = desk.get(f"{home.url}/api/practitioners").json()
    assert next(line["member"] for line in known if line["practitioner"] == reference) is None

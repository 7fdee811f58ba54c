"""Records about several patients, over the API: a mother and her baby, a group. (ISO-2)"""

import uuid

import pytest

FHIR = {"content-type": "application/fhir+json"}


@pytest.fixture(scope="module")
def clinic(api, people):
    return api(people.one(profile="clinic", patients=True))


@pytest.fixture(scope="module")
def pair(clinic):
    """Two patients of one clinician, by id."""
    made = [clinic.create({"resourceType": "Patient", "name": [{"family": f"Pair{number}{uuid.uuid4().hex[:6]}"}]})
            for number in range(2)]
    return [one.json()["id"] for one in made]


def group(*patients):
    return {"resourceType": "Group", "type": "person", "actual": True,
            "member": [{"entity": {"reference": f"Patient/{one}"}} for one in patients]}


def test_a_group_is_in_each_members_record(clinic, pair):
    made = clinic.create(group(*pair))
    assert made.status_code == 201, made.text
    id = made.json()["id"]
    assert clinic.get(f"Group/{id}").json() == made.json()
    for one in pair:
        everything = clinic.get(f"Patient/{one}/$everything").json()["entry"]
        assert id in [entry["resource"]["id"] for entry in everything]
        history = clinic.get(f"Group/_history?patient={one}").json()
        assert [entry["response"]["etag"] for entry in history["entry"] if id in entry["fullUrl"]] == ['W/"1"']


def test_a_transaction_writes_a_mother_a_baby_and_what_is_about_both(clinic):
    urls = [f"urn:uuid:{uuid.uuid4()}" for _ in range(3)]
    entries = [{"fullUrl": url, "request": {"method": "POST", "url": "Patient"},
                "resource": {"resourceType": "Patient", "name": [{"text": name}]}}
               for url, name in zip(urls, ("Mother", "Baby"))]
    entries.append({"fullUrl": urls[2], "request": {"method": "POST", "url": "Observation"}, "resource": {
        "resourceType": "Observation", "status": "final", "code": {"text": "Apgar score"}, "valueInteger": 9,
        "subject": {"reference": urls[1]}, "performer": [{"reference": urls[0]}]}})
    done = clinic.post("", json={"resourceType": "Bundle", "type": "transaction", "entry": entries}, headers=FHIR)
    assert done.status_code == 200, done.text
    ids = [entry["response"]["location"].split("/")[-3] for entry in done.json()["entry"]]
    for patient in ids[:2]:
        everything = clinic.get(f"Patient/{patient}/$everything").json()["entry"]
        assert ids[2] in [entry["resource"]["id"] for entry in everything]
    found = clinic.get(f"Observation?patient={ids[1]}").json()
    assert [entry["resource"]["id"] for entry in found["entry"]] == [ids[2]]
    # A change goes through as well, and keeps both.
    resource = clinic.get(f"Observation/{ids[2]}").json() | {"valueInteger": 10}
    entry = {"request": {"method": "PUT", "url": f"Observation/{ids[2]}"}, "resource": resource}
    done = clinic.post("", json={"resourceType": "Bundle", "type": "transaction", "entry": [entry]}, headers=FHIR)
    assert done.status_code == 200, done.text
    assert clinic.get(f"Observation/{ids[2]}").json()["valueInteger"] == 10


def test_a_record_keeps_those_whom_it_is_about(clinic, pair):
    made = clinic.create(group(*pair)).json()
    put = lambda resource: clinic.put(f"Group/{made['id']}", json=resource, headers=FHIR)
    fewer = put(group(pair[0]) | {"id": made["id"]})
    assert fewer.status_code == 422 and "stays with" in fewer.text
    same = put(group(*reversed(pair)) | {"id": made["id"]})
    assert same.status_code == 200 and same.headers["etag"] == 'W/"2"'


def test_nobody_is_put_into_a_record_by_somebody_who_does_not_reach_them(api, people, clinic, pair):
    foreign = people.parent.patients[0]
    assert clinic.create(group(pair[0], foreign)).status_code == 404
    assert clinic.create(group(pair[0], str(uuid.uuid4()))).status_code == 404
    many = clinic.create(group(*(str(uuid.uuid4()) for _ in range(51))))
    assert many.status_code == 422 and "50" in many.text or many.status_code == 400


def move(clinic, id, **people):
    parameters = [{"name": name.rstrip("_"), "valueReference": {"reference": one}} for name, one in people.items()]
    return clinic.post(f"Group/{id}/$move", json={"resourceType": "Parameters", "parameter": parameters}, headers=FHIR)


def test_another_takes_the_place_of_one_of_them(clinic, people, pair):
    third = clinic.create({"resourceType": "Patient", "name": [{"family": f"Third{uuid.uuid4().hex[:6]}"}]}).json()["id"]
    id = clinic.create(group(*pair)).json()["id"]
    one, two, three = (f"Patient/{patient}" for patient in (*pair, third))
    for refused, word in [
        (move(clinic, id, to=three), "`from`"),
        (move(clinic, id, from_=three, to=one), "`from`"),
        (move(clinic, id, from_=one, to=one), "two patients"),
        (move(clinic, id, from_=one, to=three, record=f"Group/{id}"), "without record"),
    ]:
        assert refused.status_code == 422 and word in refused.text, refused.text
    assert move(clinic, id, from_="Group/x", to=three).status_code == 422
    assert move(clinic, id, from_=one, to=f"Patient/{people.parent.patients[0]}").status_code == 404
    moved = move(clinic, id, from_=one, to=three)
    assert moved.status_code == 200, moved.text
    assert [member["entity"]["reference"] for member in moved.json()["member"]] == [three, two]
    is_in = lambda patient: id in [entry["resource"]["id"] for entry in clinic.get(f"{patient}/$everything").json()["entry"]]
    assert [is_in(patient) for patient in (one, two, three)] == [False, True, True]

"""Versions: what is changed or deleted is kept, found by its number, and paged without a gap; batches, conditions."""

import json
import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from test_fhir import UNKNOWN, masked, observation, outcome

FHIR = {"Content-Type": "application/fhir+json"}


@pytest.fixture(scope="module")
def parent(api, people):
    return api(people.parent)


@pytest.fixture(scope="module")
def child(people):
    return people.parent.patients[0]


@pytest.fixture(scope="module")
def theirs(api, people):
    """A record of another organisation."""
    found = api(people.stranger).get(f"Observation?patient={people.stranger.patients[0]}&_count=1").json()
    return found["entry"][0]["resource"]["id"]


def put(api, resource, **headers):
    return api.put(f"{resource['resourceType']}/{resource['id']}", json=resource, headers=FHIR | headers)


@pytest.fixture
def weight(parent, child):
    made = parent.create(observation(child, valueQuantity={"value": 20, "unit": "kg"}))
    assert made.status_code == 201
    return made.json()


def entry(method, url, resource=None, **request):
    return {"request": {"method": method, "url": url} | request} | ({"resource": resource} if resource else {})


def bundle(parent, kind, *entries):
    return parent.post("", json={"resourceType": "Bundle", "type": kind, "entry": list(entries)}, headers=FHIR)


# Update

def test_an_update_is_the_next_version_and_the_one_before_stays_to_the_letter(parent, weight):
    first = parent.get(f"Observation/{weight['id']}").text
    changed = put(parent, weight | {"status": "amended"})
    assert changed.status_code == 200 and changed.headers["etag"] == 'W/"2"'
    body = changed.json()
    assert body["status"] == "amended" and body["meta"]["versionId"] == "2"
    assert body["meta"]["lastUpdated"] > weight["meta"]["lastUpdated"]
    assert parent.get(f"Observation/{weight['id']}").text == changed.text
    assert parent.get(f"Observation/{weight['id']}/_history/1").text == first
    assert parent.get(f"Observation/{weight['id']}/_history/2").text == changed.text
    for number in ("3", "0", "-1", "x", "9" * 30):
        assert parent.get(f"Observation/{weight['id']}/_history/{number}").status_code == 404


def test_an_update_is_searched_by_what_it_says_now(parent, child, weight):
    code = f"test-{uuid.uuid4()}"
    find = lambda: parent.get(f"Observation?patient={child}&code={code}").json().get("entry", [])
    assert not find()
    assert put(parent, weight | {"code": {"coding": [{"code": code}]}}).status_code == 200
    assert [one["resource"]["id"] for one in find()] == [weight["id"]]
    assert put(parent, weight).status_code == 200
    assert not find()


def test_what_says_the_same_makes_no_version(parent, weight):
    again = put(parent, weight)
    assert again.status_code == 200 and again.headers["etag"] == 'W/"1"'
    assert parent.get(f"Observation/{weight['id']}/_history").json()["total"] == 1


def test_if_match_lets_the_named_version_alone_be_changed(parent, weight):
    assert put(parent, weight | {"status": "amended"}, **{"If-Match": 'W/"1"'}).status_code == 200
    late = put(parent, weight | {"status": "cancelled"}, **{"If-Match": 'W/"1"'})
    assert late.status_code == 412 and outcome(late)[0]["code"] == "conflict"
    assert put(parent, weight | {"status": "corrected"}, **{"If-Match": '"2"'}).status_code == 200
    for nonsense in ("*x", 'W/"one"', "W/", '"1", "2"'):
        assert put(parent, weight | {"status": "final"}, **{"If-Match": nonsense}).status_code == 422
    assert parent.get(f"Observation/{weight['id']}").json()["status"] == "corrected"


def test_of_many_who_change_the_same_version_one_does(parent, weight):
    """The others are told, and nothing of theirs is there: no version, no line."""
    def change(number):
        return put(parent, weight | {"valueQuantity": {"value": number, "unit": "kg"}}, **{"If-Match": 'W/"1"'})

    with ThreadPoolExecutor(8) as at_once:
        answers = list(at_once.map(change, range(100, 108)))
    done = [one for one in answers if one.status_code == 200]
    assert len(done) == 1 and {one.status_code for one in answers} <= {200, 409, 412}
    history = parent.get(f"Observation/{weight['id']}/_history").json()
    assert history["total"] == 2
    assert history["entry"][0]["resource"] == done[0].json()


@pytest.mark.parametrize("wrong, place", [
    ({"id": "another"}, "Observation.id"), ({"status": "finished"}, "Observation.status"), ({"colour": 1}, "colour"),
    ({"subject": {"reference": f"Patient/{UNKNOWN}"}}, "Observation"), ({"id": None}, "id"),
])
def test_a_wrong_update_changes_nothing(parent, weight, wrong, place):
    answer = parent.put(f"Observation/{weight['id']}", json=weight | wrong, headers=FHIR)
    assert 400 <= answer.status_code < 500
    assert any(place in one for issue in outcome(answer) for one in issue.get("expression", [])), answer.text
    assert parent.get(f"Observation/{weight['id']}").headers["etag"] == 'W/"1"'


def test_a_record_stays_with_its_patient(api, people):
    doctor = people.one(profile="clinic", patients=True)
    clinic, (one, another) = api(doctor), doctor.patients[:2]
    made = clinic.create(observation(one)).json()
    answer = put(clinic, made | {"subject": {"reference": f"Patient/{another}"}})
    assert answer.status_code == 422 and "stays with the patient" in answer.text
    assert clinic.get(f"Observation/{made['id']}").json()["subject"]["reference"] == f"Patient/{one}"


def test_somebody_elses_record_is_answered_like_none(parent, theirs, child):
    wanted = observation(child)
    for method, path, body in [
        ("PUT", "Observation/{}", wanted), ("DELETE", "Observation/{}", None), ("GET", "Observation/{}/_history", None),
        ("GET", "Observation/{}/_history/1", None),
    ]:
        def ask(id):
            content = None if body is None else json.dumps(body | {"id": id})
            return parent.request(method, path.format(id), content=content, headers=FHIR)
        assert ask(theirs).status_code == 404, (method, path)
        assert masked(ask(theirs), theirs) == masked(ask(UNKNOWN), UNKNOWN)


def test_a_renamed_patient_is_found_by_the_new_name_alone(api, people):
    clinic = api(people.one(profile="clinic", patients=True))
    family = "Umbenannt" + uuid.uuid4().hex[:8].translate(str.maketrans("0123456789", "ghijklmnop"))
    made = clinic.create({"resourceType": "Patient", "name": [{"family": family}], "birthDate": "1999-09-09"}).json()
    find = lambda name: [one["resource"]["id"] for one in clinic.get(f"Patient?family={name}").json().get("entry", [])]
    assert find(family) == [made["id"]]
    made["name"] = [{"family": family[::-1]}]
    assert put(clinic, made).status_code == 200
    assert find(family) == [] and find(family[::-1]) == [made["id"]]
    assert find(family[:4]) == []


def test_a_share_reads_history_and_changes_nothing(api, people, parent, child, weight):
    reader = next(one for one in people if one.organization == people.parent.organization
                  and child in one.patients and "share" in one.role)
    shared = api(reader)
    assert shared.get(f"Observation/{weight['id']}/_history").status_code == 200
    assert put(shared, weight | {"status": "cancelled"}).status_code == 404
    assert shared.delete(f"Observation/{weight['id']}").status_code == 404
    assert parent.get(f"Observation/{weight['id']}").headers["etag"] == 'W/"1"'


# Delete

def test_what_is_deleted_is_gone_and_its_versions_stay(parent, child, weight):
    path = f"Observation/{weight['id']}"
    done = parent.delete(path)
    assert done.status_code == 204 and done.headers["etag"] == 'W/"2"' and done.content == b""
    gone = parent.get(path)
    assert gone.status_code == 410 and outcome(gone)[0]["code"] == "deleted"
    assert parent.get(f"{path}/_history/2").status_code == 410
    assert parent.get(f"{path}/_history/1").json() == weight
    assert parent.delete(path).headers["etag"] == 'W/"2"', "once is enough"
    assert weight["id"] not in parent.get(f"Observation?patient={child}&_count=500").text
    assert weight["id"] not in parent.get(f"Patient/{child}/$everything").text
    refused = parent.create(observation(child, derivedFrom=[{"reference": path}]))
    assert refused.status_code == 404 and "Observation.derivedFrom[0]" in refused.text
    again = put(parent, weight)
    assert again.status_code == 200 and again.headers["etag"] == 'W/"3"'
    assert parent.get(path).status_code == 200


def test_somebody_elses_deleted_record_is_answered_like_none(api, people, parent, weight):
    """410 is for whoever could read it; for all others there never was one."""
    path = f"Observation/{weight['id']}"
    assert parent.delete(path).status_code == 204 and parent.get(path).status_code == 410
    stranger = api(people.stranger)
    for ending in ("", "/_history/1", "/_history/2", "/_history"):
        theirs, none = (stranger.get(f"Observation/{id}{ending}") for id in (weight["id"], UNKNOWN))
        assert theirs.status_code == 404 and masked(theirs, weight["id"]) == masked(none, UNKNOWN), ending
    assert masked(stranger.delete(path), weight["id"]) == masked(stranger.delete(f"Observation/{UNKNOWN}"), UNKNOWN)


def test_delete_takes_the_named_version_alone(parent, weight):
    path = f"Observation/{weight['id']}"
    assert parent.delete(path, headers={"If-Match": 'W/"7"'}).status_code == 412
    assert parent.get(path).status_code == 200
    assert parent.delete(path, headers={"If-Match": 'W/"1"'}).status_code == 204


def test_a_patient_is_not_deleted(parent, child):
    answer = parent.delete(f"Patient/{child}")
    assert answer.status_code == 422 and "erased" in answer.text
    assert parent.get(f"Patient/{child}").status_code == 200


# History

def test_a_history_is_told_from_the_newest_with_what_was_done(parent, weight):
    path = f"Observation/{weight['id']}"
    put(parent, weight | {"status": "amended"})
    parent.delete(path)
    put(parent, weight | {"status": "corrected"})
    history = parent.get(f"{path}/_history").json()
    assert (history["type"], history["total"]) == ("history", 4)
    assert [one["request"]["method"] for one in history["entry"]] == ["PUT", "DELETE", "PUT", "POST"]
    assert [one["response"]["etag"] for one in history["entry"]] == [f'W/"{n}"' for n in (4, 3, 2, 1)]
    assert ["resource" in one for one in history["entry"]] == [True, False, True, True]
    assert history["entry"][0]["resource"]["status"] == "corrected"
    times = [one["response"]["lastModified"] for one in history["entry"]]
    assert times == sorted(times, reverse=True)
    later = parent.get(f"{path}/_history", params={"_since": times[1]}).json()
    assert len(later["entry"]) == 2


def pages(api, path):
    """Everything that a history tells, page by page; `meanwhile` is called in between."""
    seen = []
    while path:
        page = api.get(path).json()
        seen += [(one["response"]["etag"], one["fullUrl"]) for one in page.get("entry", [])]
        path = next((link["url"] for link in page.get("link", []) if link["relation"] == "next"), None)
        yield seen


def test_pages_of_a_history_neither_skip_nor_repeat_while_others_write(parent, child, weight):
    for number in range(7):
        put(parent, weight | {"valueQuantity": {"value": 30 + number, "unit": "kg"}})
    expected = [f'W/"{n}"' for n in range(8, 0, -1)]
    for number, seen in enumerate(pages(parent, f"Observation/{weight['id']}/_history?_count=3")):
        put(parent, weight | {"valueQuantity": {"value": 60 + number, "unit": "kg"}})
    assert [etag for etag, _ in seen] == expected
    for seen in pages(parent, f"Observation/_history?patient={child}&_count=7"):
        parent.create(observation(child))
    assert len(seen) == len(set(seen)) > 14
    assert len([one for one in seen if one[1].endswith(weight["id"])]) == 11


def test_a_history_of_a_type_is_of_one_patient_or_of_the_directory(parent, child, people):
    assert parent.get("Observation/_history").status_code == 422
    assert parent.get(f"Observation/_history?patient={people.stranger.patients[0]}").status_code == 404
    told = parent.get(f"Observation/_history?patient={child}&_count=500").json()
    assert {one["resource"]["subject"]["reference"] for one in told["entry"] if "resource" in one} == {f"Patient/{child}"}
    place = parent.create({"resourceType": "Location", "name": "The swings"}).json()
    assert put(parent, place | {"name": "The slide"}).status_code == 200
    names = [one["resource"]["name"] for one in parent.get("Location/_history").json()["entry"]
             if one["resource"]["id"] == place["id"]]
    assert names == ["The slide", "The swings"]
    assert parent.delete(f"Location/{place['id']}").status_code == 204


@pytest.mark.parametrize("query", ["_count=0", "_count=x", "_since=yesterday", "_since=2020", "_after=1.2.3", "_after=x",
                                   "colour=blue"])
def test_a_strange_history_is_refused(parent, weight, query):
    assert parent.get(f"Observation/{weight['id']}/_history?{query}").status_code in (400, 422)


def test_a_trail_says_who_changed_and_who_removed(parent, child, weight, sign_in, people, client):
    put(parent, weight | {"status": "amended"})
    parent.delete(f"Observation/{weight['id']}")
    parent.get(f"Observation/{weight['id']}/_history")
    sign_in(people.parent)
    page = client.get(f"/patients/{child}/looks")
    if page.status_code == 404:
        links = re.findall(r'href="(/patients/[^"]+)"', client.get(f"/patients/{child}").text)
        page = client.get(next(link for link in links if "look" in link or "trail" in link))
    for words in ("changed", "took out", "earlier versions"):
        assert words in page.text, words
    for place in ("0", "x", f"{2**63 - 1}.{UNKNOWN}", f"-5.{UNKNOWN}", f"1.{UNKNOWN}", "1.x"):
        assert client.get(f"/patients/{child}/looks?page={place}").status_code == 200, place


def test_a_page_shows_what_stood_there_before(parent, child, weight, sign_in, people, client, server):
    sign_in(people.parent)
    path = f"/patients/{child}/records/Observation.{weight['id']}"
    first = client.get(path)
    assert first.status_code == 200 and "20 kg" in first.text and "before" not in first.text
    assert re.search(r"Entered on [^<]*20\d\d", first.text), "nobody is named whom the page does not know"
    put(parent, weight | {"valueQuantity": {"value": 21, "unit": "kg"}})
    changed = client.get(path)
    assert "21 kg" in changed.text and "Changed on" in changed.text
    way = re.search(r'href="(/patients/[^"]+/versions/2)"', changed.text).group(1)
    versions = client.get(way)
    assert "2 versions" in versions.text and "21 kg" in versions.text and "older version" not in versions.text
    old = client.get(way[:-1] + "1")
    assert "20 kg" in old.text and "This is an older version" in old.text
    for number in ("0", "3", "x", "-1", "9" * 20):
        assert client.get(way[:-1] + number).status_code == 404
    other = people.stranger.patients[0]
    assert client.get(way.replace(child, other)).status_code == 404
    assert client.get(path.replace(child, other)).status_code == 404
    parent.delete(f"Observation/{weight['id']}")
    gone = client.get(path)
    assert gone.status_code == 410 and "20 kg" not in gone.text and "21 kg" not in gone.text


# Bundles

def test_a_transaction_creates_changes_deletes_and_reads(parent, child, weight):
    other = parent.create(observation(child)).json()
    answer = bundle(
        parent, "transaction",
        entry("GET", f"Observation/{weight['id']}"),
        entry("PUT", f"Observation/{weight['id']}", weight | {"status": "amended"}, ifMatch='W/"1"'),
        entry("DELETE", f"Observation/{other['id']}"),
        {"fullUrl": "urn:uuid:6a3b2c1d-0000-4000-8000-000000000001"} | entry("POST", "Observation", observation(child)),
        entry("POST", "Observation", observation(
            child, derivedFrom=[{"reference": "urn:uuid:6a3b2c1d-0000-4000-8000-000000000001"}])))
    assert answer.status_code == 200, answer.text
    replies = answer.json()["entry"]
    assert [one["response"]["status"][:3] for one in replies] == ["200", "200", "204", "201", "201"]
    assert replies[0]["resource"]["status"] == "amended", "what is read is read last"
    assert parent.get(f"Observation/{other['id']}").status_code == 410
    made = replies[3]["response"]["location"].split("/_history")[0]
    last = parent.get(replies[4]["response"]["location"].split("/_history")[0]).json()
    assert last["derivedFrom"] == [{"reference": made}]


@pytest.mark.parametrize("wrong", ["version", "unknown", "invalid", "patient"])
def test_a_transaction_that_cannot_be_whole_changes_nothing(parent, child, weight, wrong):
    before = parent.get(f"Observation?patient={child}&_count=0").json()["total"]
    entries = {
        "version": entry("PUT", f"Observation/{weight['id']}", weight | {"status": "amended"}, ifMatch='W/"9"'),
        "unknown": entry("DELETE", f"Observation/{UNKNOWN}"),
        "invalid": entry("PUT", f"Observation/{weight['id']}", weight | {"status": "no such"}),
        "patient": entry("DELETE", f"Patient/{child}"),
    }
    answer = bundle(parent, "transaction", entry("POST", "Observation", observation(child)), entries[wrong])
    assert answer.status_code == {"version": 412, "unknown": 404, "invalid": 422, "patient": 422}[wrong], answer.text
    assert parent.get(f"Observation?patient={child}&_count=0").json()["total"] == before
    assert parent.get(f"Observation/{weight['id']}").headers["etag"] == 'W/"1"'


def test_a_read_that_fails_does_not_hide_what_a_transaction_wrote(parent, weight):
    answer = bundle(parent, "transaction", entry("GET", f"Observation/{UNKNOWN}"),
                    entry("PUT", f"Observation/{weight['id']}", weight | {"status": "amended"}))
    assert answer.status_code == 200
    replies = [one["response"] for one in answer.json()["entry"]]
    assert [one["status"][:3] for one in replies] == ["404", "200"]
    assert replies[0]["outcome"]["issue"][0]["code"] == "not-found"
    assert parent.get(f"Observation/{weight['id']}").json()["status"] == "amended"


def test_a_batch_answers_each_entry_for_itself(parent, child, weight):
    answer = bundle(
        parent, "batch",
        entry("POST", "Observation", observation(child)),
        entry("POST", "Observation", observation(child) | {"status": "no such"}),
        entry("GET", f"Observation/{UNKNOWN}"),
        entry("PUT", f"Observation/{weight['id']}", weight | {"status": "amended"}, ifMatch='W/"5"'),
        entry("GET", f"Observation?patient={child}&_count=1"),
        entry("DELETE", f"Observation/{weight['id']}"),
        entry("PATCH", f"Observation/{weight['id']}"))
    assert answer.status_code == 200 and answer.json()["type"] == "batch-response"
    replies = [one["response"] for one in answer.json()["entry"]]
    assert [one["status"][:3] for one in replies] == ["201", "422", "404", "412", "200", "204", "400"]
    assert "Observation.status" in replies[1]["outcome"]["issue"][0]["expression"][0]
    assert len(answer.json()["entry"][4]["resource"]["entry"]) == 1


def test_a_conditional_create_makes_one(api, people):
    clinic = api(people.one(profile="clinic", patients=True))
    number = str(uuid.uuid4())
    person = {"resourceType": "Patient", "identifier": [{"system": "urn:test", "value": number}]}
    once = lambda: clinic.post("Patient", json=person, headers=FHIR | {"If-None-Exist": f"identifier=urn:test|{number}"})
    first, second = once(), once()
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert clinic.create(person).status_code == 201
    assert once().status_code == 412, "two match now"
    record = observation(first.json()["id"], identifier=[{"system": "urn:test", "value": "x" + number}])
    again = lambda: clinic.post(
        "Observation", json=record, headers=FHIR | {"If-None-Exist": f"identifier=x{number}"}).status_code
    assert (again(), again()) == (201, 200)
    for nonsense in ("", "nonsense=1", "identifier"):
        answer = clinic.post("Observation", json=record, headers=FHIR | {"If-None-Exist": nonsense})
        assert answer.status_code in (400, 422), nonsense


def test_conditional_references_lead_to_the_one_that_matches(api, people):
    clinic = api(people.one(profile="clinic", patients=True))
    number = str(uuid.uuid4())
    known = [{"system": "urn:test", "value": number}]
    person = clinic.create({"resourceType": "Patient", "identifier": known}).json()
    doctor = clinic.create({"resourceType": "Practitioner", "identifier": known}).json()
    visit = clinic.create({"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"},
                           "subject": {"reference": f"Patient/{person['id']}"}, "identifier": known}).json()
    condition = lambda kind, value=number: {"reference": f"{kind}?identifier=urn:test|{value}"}
    written = observation("x") | {"subject": condition("Patient"), "performer": [condition("Practitioner")],
                                  "encounter": condition("Encounter")}
    answer = bundle(clinic, "transaction", entry("POST", "Observation", written))
    assert answer.status_code == 200, answer.text
    made = clinic.get(answer.json()["entry"][0]["response"]["location"].split("/_history")[0]).json()
    assert made["subject"]["reference"] == f"Patient/{person['id']}"
    assert made["performer"][0]["reference"] == f"Practitioner/{doctor['id']}"
    assert made["encounter"]["reference"] == f"Encounter/{visit['id']}"
    missing = bundle(clinic, "transaction", entry("POST", "Observation", written | {"encounter": condition("Encounter", "no")}))
    assert missing.status_code == 404 and "Bundle.entry[0].resource.encounter" in missing.text
    clinic.create({"resourceType": "Practitioner", "identifier": known})
    assert bundle(clinic, "transaction", entry("POST", "Observation", written)).status_code == 412


def test_conditional_references_in_a_batch_are_each_entrys_own(api, people):
    clinic = api(people.one(profile="clinic", patients=True))
    known = [{"system": "urn:test", "value": str(uuid.uuid4())}]
    person = clinic.create({"resourceType": "Patient", "identifier": known}).json()
    doctor = clinic.create({"resourceType": "Practitioner", "identifier": known}).json()
    condition = lambda kind, value=known[0]["value"]: {"reference": f"{kind}?identifier=urn:test|{value}"}
    written = observation("x") | {"subject": condition("Patient"), "performer": [condition("Practitioner")]}
    other = clinic.create(observation(person["id"])).json()
    answer = bundle(
        clinic, "batch", entry("POST", "Observation", written),
        entry("POST", "Observation", written | {"performer": [condition("Practitioner", "nobody")]}),
        entry("PUT", f"Observation/{other['id']}", written | {"id": other["id"]}))
    replies = [one["response"] for one in answer.json()["entry"]]
    assert [one["status"][:3] for one in replies] == ["201", "404", "200"], replies
    assert "Bundle.entry[1].resource.performer[0]" in replies[1]["outcome"]["issue"][0]["expression"][0]
    for place in (replies[0]["location"], replies[2]["location"]):
        made = clinic.get(place.split("/_history")[0]).json()
        assert made["subject"]["reference"] == f"Patient/{person['id']}"
        assert made["performer"][0]["reference"] == f"Practitioner/{doctor['id']}"
    # Nobody learns by a condition whether somebody else's patient exists.
    theirs = people.parent.patients[0]
    for unknown in (theirs, UNKNOWN):
        reply = bundle(clinic, "batch", entry("POST", "Observation", observation("x") | {
            "subject": {"reference": f"Patient?_id={unknown}"}})).json()["entry"][0]["response"]
        assert reply["status"][:3] in ("400", "404", "422") and unknown not in str(reply)


def test_a_conditional_create_in_a_transaction_is_what_the_others_refer_to(api, people):
    clinic = api(people.one(profile="clinic", patients=True))
    number = str(uuid.uuid4())
    person = {"resourceType": "Patient", "identifier": [{"system": "urn:test", "value": number}]}
    url = f"urn:uuid:{uuid.uuid4()}"
    made = lambda: bundle(
        clinic, "transaction",
        {"fullUrl": url} | entry("POST", "Patient", person, ifNoneExist=f"identifier=urn:test|{number}"),
        entry("POST", "Observation", observation("x") | {"subject": {"reference": url}})).json()["entry"]
    first, second = made(), made()
    assert [one[0]["response"]["status"][:3] for one in (first, second)] == ["201", "200"]
    places = {one[0]["response"]["location"] for one in (first, second)}
    assert len(places) == 1
    patient = places.pop().split("/_history")[0]
    records = clinic.get(f"Observation?patient={patient}").json()
    assert records["total"] == 2


# What is said to be served

def test_the_capability_statement_says_what_is_served(parent, server):
    with server.client() as visitor:
        told = visitor.get("/fhir/metadata").json()
    resources = {one["type"]: one for one in told["rest"][0]["resource"]}
    codes = lambda kind: {one["code"] for one in resources[kind]["interaction"]}
    assert codes("Observation") == {"read", "vread", "update", "delete", "history-instance", "history-type", "create",
                                    "search-type"}
    assert "delete" not in codes("Patient")
    names = {one["name"] for one in resources["Observation"]["searchParam"]}
    assert {"code", "date", "patient", "_id", "_lastUpdated"} <= names
    assert {one["code"] for one in told["rest"][0]["interaction"]} == {"transaction", "batch"}
    assert len(resources) > 140
    answer = parent.post("CapabilityStatement/$validate", json=told, headers=FHIR)
    assert all(issue["severity"] in ("information", "warning") for issue in answer.json()["issue"]), answer.text


def test_a_record_that_is_known_is_not_sent_again(parent, weight):
    answer = parent.get(f"Observation/{weight['id']}", headers={"If-None-Match": 'W/"1"'})
    assert answer.status_code == 304 and not answer.content
    put(parent, weight | {"status": "amended"})
    assert parent.get(f"Observation/{weight['id']}", headers={"If-None-Match": 'W/"1"'}).status_code == 200

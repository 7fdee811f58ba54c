"""Search by R4's parameters: within a patient exactly, with what is included; pages that neither skip nor repeat. (ISO-2)"""

import uuid

import pytest


@pytest.fixture(scope="module")
def parent(api, people):
    return api(people.parent)


@pytest.fixture(scope="module")
def child(people):
    return people.parent.patients[0]


@pytest.fixture
def code():
    """A code of which nobody has observations yet."""
    return f"test-{uuid.uuid4()}"


def observation(patient, code, **more):
    return {"resourceType": "Observation", "status": "final", "subject": {"reference": f"Patient/{patient}"},
            "code": {"coding": [{"system": "urn:test", "code": code}]}, **more}


def made(client, resource):
    answer = client.create(resource)
    assert answer.status_code == 201, answer.text
    return answer.json()


def ids(bundle, mode="match"):
    return [one["resource"]["id"] for one in bundle.get("entry", []) if one["search"]["mode"] == mode]


def link(bundle, relation):
    return next((one["url"] for one in bundle.get("link", []) if one["relation"] == relation), None)


def found(client, query):
    answer = client.get(query)
    assert answer.status_code == 200, answer.text
    return answer.json()


# Values

def kilograms(value):
    return {"value": value, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}


def test_quantities_numbers_and_composites_are_found(parent, child, code):
    light = made(parent, observation(child, code, valueQuantity=kilograms(5.4)))
    heavy = made(parent, observation(child, code, valueQuantity=kilograms(54)))
    search = lambda query: set(ids(found(parent, f"Observation?patient={child}&code={code}&{query}")))
    assert search("value-quantity=5.4||kg") == {light["id"]}
    assert search("value-quantity=5|http://unitsofmeasure.org|kg") == {light["id"]}, "5 is 4.5 to 5.5"
    assert search("value-quantity=5.0||kg") == set(), "5.0 is 4.95 to 5.05"
    assert search("value-quantity=gt5.4||kg") == {heavy["id"]}
    assert search("value-quantity=ge5.4||kg") == {light["id"], heavy["id"]}
    assert search("value-quantity=ap50||kg") == {heavy["id"]}
    assert search("value-quantity=54||g") == set()
    assert search("value-quantity:missing=false") == {light["id"], heavy["id"]}
    assert search(f"code-value-quantity=urn:test|{code}$lt6||kg") == {light["id"]}
    assert search(f"code-value-quantity=urn:other|{code}$lt6||kg") == set()
    bundle = found(parent, f"Observation?patient={child}&code={code}&_sort=-value-quantity")
    assert ids(bundle) == [heavy["id"], light["id"]]


@pytest.mark.parametrize("query, named", [
    ("value-quantity=many", "value-quantity"), ("value-quantity=5|kg", "value-quantity"),
    ("code-value-quantity=7", "code-value-quantity"), ("_include=Patient:name", "_include"),
    ("_include=Encounter:subject", "_include"), ("_revinclude=*", "_revinclude"), ("_total=roughly", "_total"),
    ("_cursor=made-up", "_cursor"), ("subject.name=x", "subject.name"), ("_has:Observation:patient:code=x", "_has"),
    ("_text=x", "_text"), ("_filter=x", "_filter"), ("code:in=http://x", "code:in"),
])
def test_what_is_wrong_is_named(parent, child, query, named):
    answer = parent.get(f"Observation?patient={child}&{query}")
    assert answer.status_code in (400, 422), answer.text
    assert all(named in issue["diagnostics"] for issue in answer.json()["issue"])


# Includes

def test_what_matches_refer_to_is_included_and_what_refers_to_them(parent, child, code):
    encounter = made(parent, {
        "resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{child}"}})
    practitioner = made(parent, {"resourceType": "Practitioner", "name": [{"family": "Included"}]})
    weight = made(parent, observation(
        child, code, encounter={"reference": f"Encounter/{encounter['id']}"},
        performer=[{"reference": f"Practitioner/{practitioner['id']}"}]))
    derived = made(parent, observation(child, f"{code}-2", derivedFrom=[{"reference": f"Observation/{weight['id']}"}]))
    search = lambda query: found(parent, f"Observation?patient={child}&code={code}{query}")
    assert ids(search(""), "include") == []
    assert ids(search("&_include=Observation:encounter"), "include") == [encounter["id"]]
    assert ids(search("&_include=Observation:performer:Practitioner"), "include") == [practitioner["id"]]
    assert ids(search("&_include=Observation:performer:Organization"), "include") == []
    everything = search("&_include=*")
    assert set(ids(everything, "include")) == {encounter["id"], practitioner["id"], child}
    assert (ids(everything), everything["total"]) == ([weight["id"]], 1)
    assert ids(search("&_revinclude=Observation:derived-from"), "include") == [derived["id"]]
    patient = found(parent, f"Patient?_id={child}&_revinclude=Encounter:patient")
    assert ids(patient) == [child] and encounter["id"] in ids(patient, "include")
    beyond = found(parent, f"Observation?patient={child}&code={code}-2&_include=Observation:derived-from"
                           "&_include:iterate=Observation:encounter")
    assert set(ids(beyond, "include")) == {weight["id"], encounter["id"]}


def test_nothing_of_another_patient_is_included(api, people, parent, child, code):
    stranger = people.stranger
    other = api(stranger)
    theirs = made(other, {
        "resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{stranger.patients[0]}"}})
    refused = parent.create(observation(child, code, encounter={"reference": f"Encounter/{theirs['id']}"}))
    assert refused.status_code == 404, "such a reference is not even written"
    # So a reference of the same form that leads to nothing here stands for it: what is included is what is there.
    made(parent, observation(child, code, focus=[{"reference": f"https://example.org/fhir/Encounter/{theirs['id']}"}]))
    assert ids(found(parent, f"Observation?patient={child}&code={code}&_include=*"), "include") == [child]


def test_a_patient_is_searched_by_all_parameters_within_the_record(parent, child):
    patient = parent.get(f"Patient/{child}").json()
    assert ids(found(parent, f"Patient?_id={child}&gender={patient['gender']}")) == [child]
    assert ids(found(parent, f"Patient?_id={child}&gender:not={patient['gender']}")) == []
    assert found(parent, f"Patient?_id={uuid.uuid4()}")["total"] == 0
    assert ids(found(parent, f"Patient?_id={child}&deceased=false")) == [child]


# Pages

def walk(client, query, meanwhile):
    """The ids on each page, and the first page's total; `meanwhile` is called before each further one."""
    pages, url, total = [], query, None
    while url:
        bundle = found(client, url)
        total = bundle["total"] if total is None and "total" in bundle else total
        pages.append(ids(bundle))
        url = link(bundle, "next")
        if url:
            meanwhile(pages)
    return pages, total


def put(client, resource):
    answer = client.put(f"{resource['resourceType']}/{resource['id']}", json=resource,
                        headers={"content-type": "application/fhir+json"})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("sort", ["", "&_sort=value-quantity", "&_sort=-value-quantity,_id", "&_sort=date"])
def test_pages_neither_skip_nor_repeat_while_others_write(parent, child, code, sort):
    records = {}
    for number in range(11):
        one = made(parent, observation(
            child, code, valueQuantity=kilograms(10 + number), effectiveDateTime=f"2020-01-{number + 1:02}"))
        records[one["id"]] = one
    expected = ids(found(parent, f"Observation?patient={child}&code={code}{sort}"))
    assert len(expected) == 11

    def meanwhile(pages):
        made(parent, observation(child, code, valueQuantity=kilograms(1), effectiveDateTime="2019-01-01"))
        made(parent, observation(child, code, valueQuantity=kilograms(99), effectiveDateTime="2029-01-01"))
        shown, later = pages[-1][-1], [one for one in expected if one not in sum(pages, [])]
        # One that was shown goes to the end, one that was not to the beginning; and one changes its code.
        records[shown] = put(parent, records[shown] | {
            "valueQuantity": kilograms(15.5), "effectiveDateTime": "2028-01-01"})
        if later:
            records[later[-1]] = put(parent, records[later[-1]] | {
                "valueQuantity": kilograms(0.5), "effectiveDateTime": "2018-01-01"})
            records[later[0]] = put(parent, records[later[0]] | {"code": {"text": "otherwise"}})

    pages, total = walk(parent, f"Observation?patient={child}&code={code}{sort}&_count=3", meanwhile)
    assert [len(page) for page in pages] == [3, 3, 3, 2]
    assert sum(pages, []) == expected and total == 11


def test_a_record_that_goes_between_pages_takes_no_other_with_it(parent, child, code):
    all_of_them = [made(parent, observation(child, code))["id"] for _ in range(9)]
    gone = set()

    def meanwhile(pages):
        for one in (pages[-1][-1], next(one for one in all_of_them if one not in sum(pages, []))):
            assert parent.delete(f"Observation/{one}").status_code == 204
            gone.add(one)

    pages, _ = walk(parent, f"Observation?patient={child}&code={code}&_count=3", meanwhile)
    seen = sum(pages, [])
    assert len(seen) == len(set(seen)) and set(all_of_them) - gone <= set(seen)


def test_a_total_is_told_unless_it_is_not_wanted(parent, child, code):
    for _ in range(3):
        made(parent, observation(child, code))
    query = f"Observation?patient={child}&code={code}&_count=2"
    for total in ("", "&_total=accurate", "&_total=estimate"):
        assert found(parent, query + total)["total"] == 3
    untold = found(parent, f"{query}&_total=none")
    assert "total" not in untold and len(ids(untold)) == 2
    assert "total" not in found(parent, link(untold, "next")), "nor on the next page"


def test_a_cursor_opens_its_own_search_alone(api, people, parent, child, code):
    for _ in range(3):
        made(parent, observation(child, code))
    url = link(found(parent, f"Observation?patient={child}&code={code}&_count=1"), "next")
    assert found(parent, url)["total"] == 3
    assert parent.get(url.replace(code, f"{code}x")).status_code == 422
    assert parent.get(url.replace("_count=1", "_count=2")).status_code == 422
    assert parent.get(url[:-4] + ("AAAA" if url[-4:] != "AAAA" else "BBBB")).status_code == 422
    assert api(people.stranger).get(url).status_code in (404, 422)


def test_patients_are_paged_as_they_were_entered_and_sorted_as_of_the_first_page(api, people):
    clinic = people.one(profile="clinic", patients=True)
    client = api(clinic)
    family = f"Pagington{uuid.uuid4().hex[:8]}"
    person = lambda number: made(client, {
        "resourceType": "Patient", "name": [{"family": family, "given": [f"Given{chr(97 + number)}"]}],
        "birthDate": f"19{90 - number}-01-01", "gender": "other"})
    entered = [person(number) for number in range(5)]
    names = [one["id"] for one in entered]
    more = iter(range(5, 20))
    pages, _ = walk(client, f"Patient?family={family}&_count=2", lambda pages: names.append(person(next(more))["id"]))
    assert sum(pages, []) == names, "who is entered meanwhile comes last"
    expected = ids(found(client, f"Patient?family={family}&_sort=birthdate"))

    def meanwhile(pages):
        person(next(more))
        put(client, next(one for one in entered if one["id"] == names[0]) | {"birthDate": "1901-01-01"})
        entered[0] = client.get(f"Patient/{names[0]}").json()

    pages, total = walk(client, f"Patient?family={family}&_sort=birthdate&_count=2", meanwhile)
    assert sum(pages, []) == expected and total == len(expected)
    assert [page for page in pages if page][0][0] != names[0]
    assert set(ids(found(client, f"Patient?family={family}&birthdate=ge1989&birthdate=lt1991"))) == set(names[:2]) - {names[0]}


def test_patients_are_searched_across_by_what_was_written_last(api, people):
    clinic = people.one(profile="clinic", patients=True)
    client = api(clinic)
    family = f"Lastly{uuid.uuid4().hex[:8]}"
    one = made(client, {"resourceType": "Patient", "name": [{"family": family}]})
    written = one["meta"]["lastUpdated"]
    assert ids(found(client, f"Patient?family={family}&_lastUpdated=ge{written}")) == [one["id"]]
    assert ids(found(client, f"Patient?family={family}&_lastUpdated=lt{written}")) == []
    for query in ("_include=Patient:organization", "_has:Observation:patient:code=x"):
        answer = client.get(f"Patient?family={family}&{query}")
        assert answer.status_code == 400 and query.split("=")[0].split(":")[0] in answer.text
    missing = client.get("Observation?code=x")
    assert missing.status_code == 422 and "patient" in missing.text


# What is served is said

def test_the_capability_statement_names_parameters_and_includes(parent):
    served = {one["type"]: one for one in parent.get("metadata").json()["rest"][0]["resource"]}
    kinds = {one["name"]: one["type"] for one in served["Observation"]["searchParam"]}
    assert (kinds["value-quantity"], kinds["code-value-quantity"], kinds["date"]) == ("quantity", "composite", "date")
    assert "Observation:encounter" in served["Observation"]["searchInclude"]
    assert {one["name"]: one["type"] for one in served["RiskAssessment"]["searchParam"]}["probability"] == "number"

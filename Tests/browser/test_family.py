"""Families: what of a child's record somebody is let in to."""

import re
from datetime import date, timedelta

import pytest

from code_app import csrf_of
from installation import Person, create, installation, observation, patient

ADA, IMANI = Person("ada@tester.example"), Person("imani@clinic.example")


def condition(subject, text):
    return {"resourceType": "Condition", "code": {"text": text}, "subject": {"reference": f"Patient/{subject}"}}


@pytest.fixture(scope="module")
def home():
    with installation("family") as home:
        link = home.found()
        home.start()
        assert home.set_password(link).status_code == 303
        doctor = {"name": "Imani Bello", "email": IMANI.email, "roles": ["clinician"]}
        answer = home.api(ADA).post(f"{home.url}/api/members", json=doctor)
        assert home.set_password(answer.json()["link"]).status_code == 303
        yield home


@pytest.fixture
def child(home):
    """A child with a measurement and a diagnosis."""
    api = home.api(ADA)
    id = create(api, patient())
    return id, create(api, observation(id, "Hops on one leg")), create(api, condition(id, "Sore shin"))


def share(home, child, **seen):
    """Ada shares by the form, with these boxes ticked."""
    page = f"/patients/{child}/sharing"
    with home.client() as client:
        home.sign_in(client, ADA)
        form = client.get(page)
        clinician = re.search(r'<option value="([0-9a-f-]{36})"[^>]*>Imani', form.text).group(1)
        fields = {"csrf": csrf_of(form), "clinician": clinician, "purpose": "treatment",
                  "until": (date.today() + timedelta(days=9)).isoformat()}
        answer = client.post(page, data=fields | {f"see-{one}": "yes" for one in seen})
        return answer, client.get(page).text


def test_a_share_of_some_kinds_opens_those_and_no_others(home, child):
    id, measured, diagnosed = child
    answer, page = share(home, id, results=True)
    assert answer.status_code == 303 and "sees results" in page
    doctor = home.api(IMANI)
    assert doctor.get(f"Observation/{measured}").status_code == 200
    assert doctor.get(f"Patient/{id}").status_code == 200, "who it is about is always seen"
    hidden = doctor.get(f"Condition/{diagnosed}")
    nothing = doctor.get("Condition/nobody-has-this")
    assert hidden.status_code == nothing.status_code == 404
    assert hidden.text.replace(diagnosed, "") == nothing.text.replace("nobody-has-this", "")
    found = doctor.get(f"Condition?patient={id}").json()
    assert found.get("total", 0) == 0 and "Sore shin" not in str(found)
    everything = doctor.get(f"Patient/{id}/$everything").text
    assert "Hops on one leg" in everything and "Sore shin" not in everything
    history = doctor.get(f"Patient/{id}/_history").text
    assert "Sore shin" not in history
    with home.client() as client:
        home.sign_in(client, IMANI)
        timeline = client.get(f"/patients/{id}").text
        assert "Hops on one leg" in timeline and "Sore shin" not in timeline
        assert "You see a part of this record: results" in timeline
        assert client.get(f"/patients/{id}/records/Condition.{diagnosed}").status_code == 404
        assert client.get(f"/patients/{id}/records/Observation.{measured}").status_code == 200


def test_a_share_of_everything_opens_everything(home, child):
    id, measured, diagnosed = child
    boxes = ["visits", "medicines", "vaccines", "results", "health", "documents", "bills", "rest"]
    answer, page = share(home, id, **dict.fromkeys(boxes))
    assert answer.status_code == 303 and "sees" not in page.split('class="readers"')[1].split("</ul>")[0]
    doctor = home.api(IMANI)
    for record in (f"Observation/{measured}", f"Condition/{diagnosed}"):
        assert doctor.get(record).status_code == 200


def test_a_share_of_nothing_is_no_share(home, child):
    answer, page = share(home, child[0])
    assert answer.status_code == 422 and "tick at least one kind" in answer.text
    assert "Stop sharing" not in page
    assert home.api(IMANI).get(f"Patient/{child[0]}").status_code == 404

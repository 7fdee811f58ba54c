"""Guests: a clinician of elsewhere reads one record, for a purpose, until a day, and is audited where the patient is. (ROL-3)"""

import html
import re
from datetime import date, timedelta

import pytest

from code_app import csrf_of, second_step
from installation import Person, create, installation, observation, patient

ADA, IMANI, KABIR = (Person(f"{name}@{place}.example") for name, place in (
    ("ada", "tester"), ("imani", "clinic"), ("kabir", "clinic")))
BOXES = ["visits", "medicines", "vaccines", "results", "health", "documents", "bills", "rest"]


@pytest.fixture(scope="module")
def home():
    """A family, and a clinic on the same installation to which Dr Kabir belongs."""
    with installation("guests") as home:
        family = home.found()
        clinic = home.found("Sunrise Clinic", KABIR.email, "Kabir Shah", profile="clinic")
        home.start()
        for way in (family, clinic):
            assert home.set_password(way).status_code == 303
        yield home


@pytest.fixture
def child(home):
    """A child with a measurement and a diagnosis; and another one, whom nobody shares."""
    api = home.api(ADA)
    id = create(api, patient())
    condition = {"resourceType": "Condition", "code": {"text": "Sore shin"}, "subject": {"reference": f"Patient/{id}"}}
    return id, create(api, observation(id, "Hops on one leg")), create(api, condition), create(api, patient())


def ask(home, child, name="Imani Bello", email=IMANI.email, purpose="second-opinion", days=9, seen=BOXES):
    page = f"/patients/{child}/sharing"
    with home.client() as client:
        home.sign_in(client, ADA)
        fields = {"csrf": csrf_of(client.get(page)), "name": name, "email": email, "purpose": purpose,
                  "until": (date.today() + timedelta(days=days)).isoformat()}
        return client.post(f"{page}/invite", data=fields | {f"see-{one}": "yes" for one in seen})


def link_in(answer):
    assert answer.status_code == 200, answer.text
    return re.search(r"(/password\?link=[^<\s]+)", answer.text).group(1)


def text_of(page):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def test_a_clinician_of_elsewhere_reads_what_was_offered_and_nothing_else(home, child):
    id, measured, diagnosed, other = child
    way = link_in(ask(home, id, seen=["results"]))
    with home.client() as client:
        offer = text_of(client.get(way).text)
    for said in ("Ada Tester asks you to read", "A second opinion", "Some kinds of entry: results", "you come as a guest"):
        assert said in offer, said
    assert "Sore shin" not in offer
    with home.client() as client:
        home.sign_in(client, ADA)
        sharing = text_of(client.get(f"/patients/{id}/sharing").text)
        assert "Imani Bello for a second opinion · would see results" in sharing
        assert "Imani Bello" not in text_of(client.get(f"/patients/{id}/carers").text), "a guest is no carer"
    assert home.set_password(way).status_code == 303
    guest = home.api(IMANI)
    assert guest.get(f"Observation/{measured}").status_code == 200
    for hidden in (f"Condition/{diagnosed}", f"Patient/{other}", f"Patient/{id}/$everything"):
        assert guest.get(hidden).status_code == 404, hidden
    assert guest.create(observation(id, "A guest's word")).status_code == 404
    assert guest.get(f"{home.url}/api/members").status_code == 404, "a guest does not see who belongs"
    with home.client() as client:
        home.sign_in(client, IMANI)
        people = client.get("/patients").text
        assert f"/patients/{id}" in people and f"/patients/{other}" not in people
        timeline = client.get(f"/patients/{id}")
        assert timeline.status_code == 200 and "Hops on one leg" in timeline.text and "Sore shin" not in timeline.text
        assert client.get(f"/patients/{id}/records/Observation.{measured}").status_code == 200
        for closed in (f"/patients/{id}/sharing", f"/patients/{id}/carers", "/members", "/settings"):
            assert client.get(closed).status_code == 404, closed
    with home.client() as client:
        home.sign_in(client, ADA)
        assert "Imani Bello" in text_of(client.get(f"/patients/{id}/looks").text), "audited where the patient is"
        page = client.get(f"/patients/{id}/sharing").text
        share = re.search(r'name="share" value="([^"]+)"', page).group(1)
        assert client.post(f"/patients/{id}/sharing/stop", data={"csrf": csrf_of(client.get("/patients")), "share": share}).status_code == 303
        # They are a guest already: the ordinary form lets them read another record.
        assert re.search(r"Imani Bello, guest", client.get(f"/patients/{other}/sharing").text)
    assert guest.get(f"Observation/{measured}").status_code == 404


def test_who_has_an_account_here_comes_with_its_password_and_acts_in_each_place_for_itself(home, child):
    id, measured, _, _ = child
    way = link_in(ask(home, id, "Kabir Shah", KABIR.email, "treatment"))
    with home.client() as client:
        form = client.get(way)
        token = re.search(r'name="token" value="([^"]+)"', form.text).group(1)
        wrong = client.post("/join", data={"csrf": csrf_of(form), "token": token, "email": KABIR.email, "password": "not it 1!"},
                            headers={"Origin": home.url})
        assert wrong.status_code != 303
        joined = client.post("/join", data={"csrf": csrf_of(form), "token": token, "email": KABIR.email, "password": KABIR.password},
                             headers={"Origin": home.url})
        assert joined.status_code in (200, 303), joined.text
    with home.client(headers={"Origin": home.url}) as client:
        home.sign_in(client, KABIR)
        assert "Sunrise Clinic" in client.get("/patients").text, "where they belonged first"
        assert client.get(f"/patients/{id}").status_code == 404, "a session is of one organisation"
        assert 'href="/organizations"' in client.get("/account").text
        assert "Change organisation" in client.get("/patients").text, "and at the head of every page"
        places = client.get("/organizations").text
        assert "The Testers" in places and "guest" in places and "where you are now" in places
        family = re.search(r'value="([0-9a-f-]{36})">\s*<strong>The Testers', places).group(1)
        csrf = csrf_of(client.get("/account"))
        assert client.post("/organizations", data={"csrf": csrf, "organization": id}).status_code == 404
        gone = client.post("/organizations", data={"csrf": csrf, "organization": family})
        assert gone.status_code == 303 and gone.headers["location"] == f"/sign-in?to={family}"
        assert client.get("/patients").status_code == 303, "signed out there"
        form = client.get(gone.headers["location"])
        fields = {"csrf": csrf_of(form), "organization": family, "email": KABIR.email, "password": KABIR.password}
        assert f'name="organization" value="{family}"' in form.text
        assert client.post("/sign-in", data=fields).status_code == 303
        second_step(home, client, KABIR)
        assert "The Testers" in client.get("/patients").text
        assert client.get(f"/patients/{id}/records/Observation.{measured}").status_code == 200


@pytest.mark.parametrize("wrong, said", [
    ({"name": ""}, "enter their name"), ({"email": "nobody"}, "enter an email address"),
    ({"purpose": "curiosity"}, "choose why"), ({"days": -1}, "within a year"), ({"days": 366}, "within a year"),
    ({"seen": []}, "tick at least one kind"), ({"email": ADA.email}, "it would be to yourself")])
def test_what_makes_no_sense_asks_nobody(home, child, wrong, said):
    before = home.sql("records", "select count(*) from care.invitation")
    answer = ask(home, child[0], **{"email": "someone@clinic.example"} | wrong)
    assert answer.status_code == 422 and said in answer.text
    assert home.sql("records", "select count(*) from care.invitation") == before


def test_the_last_day_that_the_form_offers_is_taken(home, child):
    link_in(ask(home, child[0], "Lena Fors", "lena@elsewhere.example", days=365))


def test_an_invitation_is_taken_back(home, child):
    way = link_in(ask(home, child[0], "Lena Fors", "lena@clinic.example"))
    page = f"/patients/{child[0]}/sharing"
    with home.client() as client:
        home.sign_in(client, ADA)
        form = client.get(page)
        invitation = re.search(r'name="invitation" value="([^"]+)"', form.text).group(1)
        assert client.post(f"{page}/withdraw", data={"csrf": csrf_of(form), "invitation": invitation}).status_code == 303
        assert "Lena Fors" not in client.get(page).text
    assert home.set_password(way).status_code != 303

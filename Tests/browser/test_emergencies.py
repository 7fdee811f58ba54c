"""Records opened in emergencies, whom it is told, and who reviews it: by the pages, as real people."""

import json
import re
import secrets

import pytest

from code_app import csrf_of
from conftest import Api, People
from installation import Person, eventually, installation
from mailbox import Mailbox, certificate, link_in
from server import Somebody

BORN = "1971-08-14"


@pytest.fixture(scope="module")
def mail(tmp_path_factory):
    box = Mailbox(certificate(tmp_path_factory.mktemp("mail")))
    box.authority = box.certificate / "certificate.pem"
    yield box.open()
    box.close()


@pytest.fixture(scope="module")
def home(mail):
    with installation("emergency") as home:
        home.settings = {"mail": {"host": "127.0.0.1", "port": mail.port, "from": "carekeep@clinic.example",
                                  "authority_file": str(mail.authority)}}
        home.configure()
        home.start("--demo")
        yield home


@pytest.fixture(scope="module")
def api(home):
    """`api(person)` is a client of the FHIR API on behalf of a person, for the length of the module."""
    clients = {}

    def on_behalf_of(person):
        if person.email not in clients:
            clients[person.email] = Api(home, person)
        return clients[person.email]

    yield on_behalf_of
    for one in clients.values():
        one.close()


@pytest.fixture(scope="module")
def server(home):
    return home


@pytest.fixture(scope="module")
def people(home):
    return People(Somebody(one) for one in json.loads((home.data / "demo.json").read_text()))


@pytest.fixture
def client(home):
    with home.client() as client:
        yield client


@pytest.fixture
def join(home, client, mail, people, api):
    """`join(roles)` adds somebody new to the clinic and is them."""
    clinic_owner = people.one(profile="clinic", patients=True)

    def add(*roles):
        email = f"{secrets.token_hex(6)}@example.org"
        name = f"Somebody {secrets.token_hex(3)}"
        answer = api(clinic_owner).post(f"{home.url}/api/members", json={"name": name, "email": email, "roles": list(roles)})
        assert answer.status_code == 201, answer.text
        client.cookies.clear()
        assert eventually(lambda: mail.to(email), 60)
        page = client.get(link_in(mail.to(email)[-1]))
        fields = {name: re.search(rf'name="{name}" value="([^"]+)"', page.text).group(1) for name in ("csrf", "token")}
        password = "a long walk to the sea"
        assert client.post("/password", data=fields | {"password": password, "again": password}).status_code == 303
        client.cookies.clear()
        person = Person(email, password)
        person.name = name
        return person

    return add


@pytest.fixture
def patient(join, api):
    """A patient of the clinic who signs in themselves, and whom nobody treats."""
    person = join("patient")
    person.given, person.family = f"Arjun{letters()}", f"Rao{letters()}"
    person.number = f"card {secrets.token_hex(6)}"
    resource = {"resourceType": "Patient", "name": [{"family": person.family, "given": [person.given]}], "birthDate": BORN,
                "identifier": [{"system": "urn:clinic", "value": person.number}]}
    answer = api(person).post("Patient", json=resource)
    assert answer.status_code == 201, answer.text
    person.id = answer.json()["id"]
    return person


def letters():
    return "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(8))


def post(client, path, **fields):
    page = client.get(path)
    assert page.status_code == 200, (path, page.status_code, page.headers.get("location"))
    return client.post(path, data=fields | {"csrf": csrf_of(page)})


REASON = {"kind": "bleeding", "reason": "Fell from a ladder, bleeds heavily, cannot say what he takes."}


def test_a_clinician_opens_a_record_and_everybody_concerned_is_told(home, client, api, mail, sign_in, join, patient):
    doctor, officer = join("clinician"), join("privacy-officer")
    sign_in(doctor)
    timeline = f"/patients/{patient.id}"
    assert client.get(timeline).status_code == 404
    assert "/emergency" in client.get("/patients").text
    assert "60 minutes" in client.get("/emergency").text
    wrong = post(client, "/emergency", name=patient.given, born=BORN, kind="bleeding", reason="x")
    assert wrong.status_code == 422 and "given name and family name" in wrong.text
    nobody = post(client, "/emergency", name=f"{patient.given} {patient.family}", born="1971-08-15", **REASON)
    assert nobody.status_code == 422 and "Nothing was opened" in nobody.text
    assert client.get(timeline).status_code == 404
    opened = post(client, "/emergency", name=f"{patient.given} {patient.family}", born=BORN, **REASON)
    assert opened.status_code == 200 and timeline in opened.text, opened.text
    assert patient.family not in opened.text
    assert client.get(timeline).status_code == 200
    again = post(client, "/emergency", identifier=patient.number, **REASON)
    assert again.status_code == 303 and again.headers["location"] == timeline
    assert api(doctor).get(f"Patient/{patient.id}/$everything").status_code == 404
    assert client.get("/emergency/reviews").status_code == 404

    sign_in_anew(client, sign_in, patient)
    looks = client.get(f"{timeline}/looks").text
    assert doctor.name in looks and "opened this record in an emergency (injury or bleeding)" in looks
    assert "ladder" not in looks
    emergency = lambda: [one for one in mail.to(patient.email) if one["Subject"] == "A record was opened in an emergency"]
    assert eventually(emergency, 60)
    letter, = emergency()
    text = letter.get_content()
    assert "Who looked" in text and patient.family not in text and "bleeding" not in text and doctor.name not in text
    assert home.sql("records", "select count(*) from care.letter where template = 'break-glass'") == "1"
    assert client.get("/emergency").status_code == 404

    sign_in_anew(client, sign_in, officer)
    assert client.get("/patients").headers["location"] == "/emergency/reviews"
    reviews = client.get("/emergency/reviews").text
    assert "1 waits for a review; none overdue" in reviews and doctor.name in reviews
    assert "found nobody" in reviews
    one = re.search(r'href="(/emergency/reviews/[0-9a-f-]{36})"', reviews).group(1)
    page = client.get(one).text
    assert "ladder" in page and "It goes on" in page and "read the timeline" in page
    assert patient.family not in page and patient.id not in page

    home.sql("records", "update care.break_glass set since = since - interval '4 days', until = until - interval '4 days', "
             "review_by = review_by - interval '4 days' where patient_id is not null")
    assert "1 overdue" in client.get("/emergency/reviews").text
    assert post(client, one, verdict="right").status_code == 422, "with a reason"
    assert post(client, one, verdict="right", words="I spoke with the ward.").status_code == 303
    assert "Nothing waits for a review" in client.get("/emergency/reviews").text
    assert "I spoke with the ward." in client.get(one).text
    sign_in_anew(client, sign_in, patient)
    assert "checked why this record was opened in an emergency" in client.get(f"{timeline}/looks").text


def sign_in_anew(client, sign_in, person):
    client.cookies.clear()
    assert sign_in(person).status_code == 303


def test_nobody_else_does(client, sign_in, join, people):
    for person in (join("admin"), join("staff"), people.one(profile="clinic", patients=False)):
        sign_in_anew(client, sign_in, person)
        assert 'href="/emergency"' not in client.get("/patients").text
        page = client.get("/emergency")
        if page.status_code == 200:
            answer = client.post("/emergency", data=REASON | {"identifier": "card 1", "csrf": csrf_of(page)})
            assert answer.status_code == 404
        assert client.get("/emergency/reviews").status_code == 404
    clinician = next(one for one in people if one.profile == "family" and "rheumatologist" in one.role)
    sign_in_anew(client, sign_in, clinician)
    assert client.get("/emergency").status_code == 404


def test_it_can_be_turned_off(client, sign_in, join, people, patient):
    doctor = join("clinician")
    sign_in_anew(client, sign_in, people.one(profile="clinic", patients=True))
    assert post(client, "/settings", name="break-glass.minutes", value="61").status_code == 422
    assert post(client, "/settings", name="break-glass.minutes", value="0").status_code == 303
    try:
        sign_in_anew(client, sign_in, doctor)
        assert "turned off" in client.get("/emergency").text
    finally:
        sign_in_anew(client, sign_in, people.one(profile="clinic", patients=True))
        assert post(client, "/settings", name="break-glass.minutes", default="1").status_code == 303

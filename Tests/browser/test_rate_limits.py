"""Whoever asks too often waits, on whichever server, and nobody else does. (NET-3)"""

import time

import httpx
import pytest

from conftest import csrf_of
from installation import Person, create, eventually, installation, patient

ADA, BEN = Person("ada@tester.example"), Person("ben@tester.example")
FEW = {"sign_in": 12, "links": 12, "pages": 12, "reads": 15, "writes": 1000, "searches": 1000, "exports": 3, "open": 1000}


@pytest.fixture(scope="module")
def home():
    with installation("rates") as home:
        home.settings = {"rate_limits": FEW}
        home.configure()
        link = home.found()
        home.start()
        home.set_password(link)
        with home.api(ADA) as api:
            with home.client() as client:
                body = {"name": "Ben", "email": BEN.email, "roles": ["caregiver"]}
                answer = client.post("/api/members", json=body, headers={"Authorization": api.headers["Authorization"]})
            home.set_password(answer.json()["link"])
            home.child = create(api, patient())
        yield home


@pytest.fixture(autouse=True)
def fresh(home):
    """A minute that has just begun, of which nobody has spent anything."""
    minute = time.time() // 60
    assert eventually(lambda: time.time() // 60 > minute, 61)
    yield


def until_refused(ask, most):
    """How many were answered otherwise before the first 429, and that one."""
    for number in range(most + 5):
        answer = ask()
        if answer.status_code == 429:
            return number, answer
    raise AssertionError(f"{most + 5} were answered")


def test_one_person_waits_and_others_do_not(home):
    with home.api(ADA) as ada, home.api(BEN) as ben:
        taken, refused = until_refused(lambda: ada.get(f"Patient/{home.child}"), FEW["reads"])
        assert taken == FEW["reads"]
        assert 0 < int(refused.headers["retry-after"]) <= 60
        outcome = refused.json()
        assert outcome["resourceType"] == "OperationOutcome" and outcome["issue"][0]["code"] == "throttled"
        assert ben.get(f"Patient/{home.child}").status_code == 404, "somebody else at the same address is answered"
        assert ada.get("Observation", params={"patient": home.child}).status_code == 200, "another kind is answered"
        until_refused(lambda: ada.get(f"Patient/{home.child}/$everything"), FEW["exports"])
        assert ada.create(patient()).status_code == 201


def test_a_made_up_token_uses_up_nobodys(home):
    with home.api(ADA) as ada, home.client() as client:
        forged = ada.token[:-8] + "AAAAAAAA"
        assert forged != ada.token
        headers = {"Authorization": f"Bearer {forged}"}
        for _ in range(3 * FEW["reads"]):
            assert client.get(f"/fhir/Patient/{home.child}", headers=headers).status_code == 401
        assert ada.get(f"Patient/{home.child}").status_code == 200


def test_a_token_of_a_session_that_ended_uses_up_nobodys_where_nobody_looks(home):
    """From several addresses, since an organisation has five times what an address has."""
    with home.api(ADA) as ada, home.api(ADA) as left:
        headers = {"Authorization": f"Bearer {left.token}"}
        assert left.delete(f"{home.url}/api/session").status_code == 204
        for number in range(2, 8):
            way = httpx.HTTPTransport(verify=home.trust(), local_address=f"127.0.0.{number}")
            with httpx.Client(base_url=home.url, transport=way, timeout=30) as stranger:
                for _ in range(9 * FEW["exports"]):
                    answer = stranger.get(f"/fhir/Observation/{home.child}/$everything", headers=headers)
                    assert answer.status_code == 400
        assert ada.get(f"Patient/{home.child}/$everything").status_code == 200


def test_what_is_no_address_of_ours_is_counted_for_nobody_signed_in(home):
    with home.api(ADA) as ada:
        for path in ("/fhir/Nonsense/1", "/api/nothing-here"):
            for _ in range(FEW["reads"] + 1):
                assert ada.get(f"{home.url}{path}").status_code in (400, 404)
        taken, _ = until_refused(lambda: ada.get(f"Patient/{home.child}"), FEW["reads"])
        assert taken == FEW["reads"]


def bundle(kind, *entries):
    return {"resourceType": "Bundle", "type": kind, "entry": [{"request": {"method": "GET", "url": url}} for url in entries]}


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_what_a_bundle_asks_for_is_counted_like_what_is_asked_for_alone(home, kind):
    with home.api(ADA) as ada:
        path = f"Patient/{home.child}"
        answer = ada.post("", json=bundle(kind, *[path] * (FEW["reads"] + 5)))
        assert answer.status_code == 200, answer.text
        statuses = [entry["response"]["status"][:3] for entry in answer.json()["entry"]]
        assert statuses == ["200"] * FEW["reads"] + ["429"] * 5
        last = answer.json()["entry"][-1]["response"]
        assert last["outcome"]["issue"][0]["code"] == "throttled"
        assert ada.get(path).status_code == 429, "and counts for what is asked for alone"
        answer = ada.post("", json=bundle(kind, f"Observation?patient={home.child}"))
        assert answer.json()["entry"][0]["response"]["status"][:3] == "200", "another kind is answered"


def test_trying_passwords_from_one_address_ends_soon_and_signed_in_people_go_on(home):
    with home.client() as client, home.client() as signed_in:
        assert home.sign_in(signed_in, ADA).status_code == 303
        body = {"email": ADA.email, "password": "not the password"}
        _, refused = until_refused(lambda: client.post("/api/session", json=body), FEW["sign_in"])
        assert refused.json()["issue"][0]["code"] == "throttled"
        page = client.post("/sign-in", data={"csrf": csrf_of(client.get("/sign-in")), **body})
        assert page.status_code == 429 and int(page.headers["retry-after"]) <= 60 and "Please wait" in page.text
        assert signed_in.get("/patients").status_code == 200


def test_what_is_spent_elsewhere_counts_here(home):
    """Another server is, to this one, what the store tells: rows that grew by more than it has told."""
    search = {"patient": home.child}
    with home.api(ADA) as ada:
        assert ada.get("Observation", params=search).status_code == 200
        assert eventually(lambda: home.sql("records", "select count(*) from care.spending") != "0", 10)

        def is_refused():
            home.sql("records", "update care.spending set spent = 900000")
            return ada.get("Observation", params=search).status_code == 429

        assert eventually(is_refused, 20, every=0.5)
    assert "127.0.0.1" not in home.sql("records", "select encode(bucket, 'escape'), * from care.spending")

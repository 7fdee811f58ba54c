"""Guessing passwords slows down and keeps nobody out. (ACC-3)"""

import httpx
import pytest

from conftest import csrf_of
from installation import PASSWORD, Person, installation
from test_sign_in import without_secrets

ADA = Person("ada@tester.example")


@pytest.fixture(scope="module")
def home():
    with installation("lockout") as own:
        way = own.found()
        own.start()
        own.set_password(way)
        yield own


def visitor(home, address):
    """A browser in another network: all of 127.0.0.0/8 is this machine."""
    return httpx.Client(base_url=home.url, timeout=30, transport=httpx.HTTPTransport(verify=home.trust(), local_address=address))


def attempt(client, email, password):
    return client.post("/sign-in", data={"csrf": csrf_of(client.get("/sign-in")), "email": email, "password": password})


def test_the_owner_gets_in_while_somebody_guesses(home):
    with visitor(home, "127.0.7.1") as attacker, visitor(home, "127.0.8.1") as elsewhere, visitor(home, "127.0.7.2") as own:
        assert attempt(own, ADA.email, PASSWORD).status_code == 303
        own.post("/sign-out", data={"csrf": csrf_of(own.get("/patients"))})
        for _ in range(5):
            assert attempt(attacker, ADA.email, "wrong " + PASSWORD).status_code == 401
        answer = attempt(attacker, ADA.email, PASSWORD)
        assert answer.status_code == 429 and "Please wait a minute" in answer.text, "even the right one, from there"
        api = attacker.post("/api/session", json={"email": ADA.email, "password": PASSWORD})
        assert api.status_code == 429 and "too_many_tries" in api.text
        assert int(api.headers["retry-after"]) > 0
        # On a device where she was signed in before, in the attacker's own network; and from elsewhere.
        assert attempt(own, ADA.email, PASSWORD).status_code == 303
        assert attempt(elsewhere, ADA.email, PASSWORD).status_code == 303


def test_an_address_that_nobody_has_is_answered_alike(home):
    with visitor(home, "127.0.9.1") as client:
        for email in ("nobody@tester.example", ADA.email):
            for _ in range(5):
                attempt(client, email, "wrong " + PASSWORD)
        answers = [attempt(client, email, "wrong " + PASSWORD) for email in ("nobody@tester.example", ADA.email)]
    assert [one.status_code for one in answers] == [429, 429]
    assert without_secrets(answers[0]) == without_secrets(answers[1])
    assert sorted(answers[0].headers) == sorted(answers[1].headers)


def test_a_known_device_opens_nothing_by_itself(home):
    with visitor(home, "127.0.10.1") as client:
        assert attempt(client, ADA.email, PASSWORD).status_code == 303
        known = client.cookies.get("__Host-device")
        assert known and "Max-Age=15552000" in attempt(client, ADA.email, PASSWORD).headers["set-cookie"]
    with visitor(home, "127.0.10.1") as client:
        assert client.get("/patients", headers={"Cookie": f"__Host-device={known}"}).status_code == 303

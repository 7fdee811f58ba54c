"""Tokens of programs, as a program sees them."""

import base64
import json

import pytest

from installation import PASSWORD, Person, installation

ADA = Person("ada@tester.example")


@pytest.fixture(scope="module")
def home():
    with installation("tokens") as own:
        way = own.found()
        own.start()
        own.set_password(way)
        yield own


@pytest.fixture
def client(home):
    with home.client() as client:
        yield client


def begin(client):
    answer = client.post("/api/session", json={"email": ADA.email, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return answer.json()


def refresh(client, tokens):
    return client.post("/api/session/refresh", json={"refresh_token": tokens["refresh_token"]})


def members(client, tokens):
    return client.get("/api/members", headers={"Authorization": f"Bearer {tokens['token']}"}).status_code


def claims(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def test_a_program_refreshes_and_the_token_before_ends(client):
    first = begin(client)
    assert first["expires_in"] == 600 and first["refresh_expires_in"] <= 86_400
    said = claims(first["token"])
    assert {"iss", "aud", "sub", "sid", "iat", "exp", "jti"} <= set(said) and said["exp"] - said["iat"] <= 600
    answer = refresh(client, first)
    assert answer.status_code == 200 and "no-store" in answer.headers["cache-control"]
    second = answer.json()
    assert second["refresh_token"] != first["refresh_token"] and claims(second["token"])["sid"] == said["sid"]
    assert members(client, second) == 200 and members(client, first) == 401
    again = refresh(client, first).json()
    assert again["refresh_token"] == second["refresh_token"] and claims(again["token"])["key"] == claims(second["token"])["key"]
    assert members(client, again) == 200, "a lost answer signs nobody out"


def test_a_refresh_token_that_is_shown_again_ends_the_session(client, home):
    first = begin(client)
    second = refresh(client, first).json()
    third = refresh(client, second).json()
    assert members(client, third) == 200
    refused = refresh(client, first)
    assert refused.status_code == 401 and "used" not in refused.text, "why is not told"
    assert members(client, third) == 401 and refresh(client, third).status_code == 401
    assert refused.content == refresh(client, {"refresh_token": "A" * 64}).content, "as for one that never was"
    late = begin(client)
    assert refresh(client, late).status_code == 200
    home.sql("records", "update care.refresh_token set used_at = used_at - interval '11 seconds'")
    assert refresh(client, late).status_code == 401, "ten seconds later it is no lost answer"


def test_a_device_that_is_signed_out_is_a_program_that_refreshes_no_more(client, home):
    tokens = begin(client)
    with home.client() as laptop:
        home.sign_in(laptop, ADA)
        page = laptop.get("/account/sessions")
        form = {"csrf": page.text.split('name="csrf" value="')[1].split('"')[0], "session": "others"}
        assert laptop.post("/account/sessions", data=form).status_code == 303
    assert members(client, tokens) == 401 and refresh(client, tokens).status_code == 401


def test_one_program_is_one_session(client, home):
    living = "select count(*) from care.session where used_as = 'api' and ended_at is null"
    before = int(home.sql("records", living))
    tokens = begin(client)
    for _ in range(3):
        tokens = refresh(client, tokens).json()
    assert members(client, tokens) == 200 and int(home.sql("records", living)) == before + 1


@pytest.mark.parametrize("body, status", [
    ({}, 422), ({"refresh_token": 5}, 422), ({"refresh_token": ""}, 401), ({"refresh_token": "A" * 64}, 401),
    ({"refresh_token": "x" * 100_000}, 413), ([], 422),
])
def test_what_is_no_refresh_token_is_refused(client, body, status):
    assert client.post("/api/session/refresh", json=body).status_code == status


def test_neither_token_does_the_work_of_the_other(client):
    tokens = begin(client)
    assert members(client, {"token": tokens["refresh_token"]}) == 401
    assert client.post("/api/session/refresh", json={"refresh_token": tokens["token"]}).status_code == 401
    secret = base64.urlsafe_b64decode(claims(tokens["token"])["key"] + "=")
    organization = bytes.fromhex(claims(tokens["token"])["org"].replace("-", ""))
    opaque = base64.urlsafe_b64encode(organization + secret).decode()
    assert members(client, {"token": opaque}) == 401, "the secret by itself opens nothing"
    client.cookies.set("__Host-carekeep", opaque)
    assert client.get("/patients").status_code == 303, "nor a page"
    assert members(client, tokens) == 200

"""Signing in and out, by form and by API. (ACC-3, ENC-7)"""

import re
import time

import pytest

from conftest import csrf_of


def without_secrets(page):
    """A page with what differs every time taken out: the form's secret, and the address that was typed."""
    text = re.sub(r'name="csrf" value="[^"]+"', 'name="csrf"', page.text)
    return re.sub(r'(name="email"[^>]*?) value="[^"]*"', r"\1", text)


def test_the_right_password_lets_in(client, sign_in, people):
    answer = sign_in(people.parent)
    assert answer.status_code == 303 and answer.headers["location"] in ("/patients", "/")
    page = client.get("/patients")
    assert page.status_code == 200 and "<h1>" in page.text


def test_a_wrong_password_and_an_unknown_account_are_answered_alike(client, people):
    answers = []
    for email in (people.parent.email, "nobody@example.org"):
        client.cookies.clear()
        fields = {"csrf": csrf_of(client.get("/sign-in")), "email": email, "password": "not the password at all"}
        answers.append(client.post("/sign-in", data=fields))
    wrong, unknown = answers
    assert wrong.status_code == unknown.status_code and wrong.status_code in (200, 400, 401, 403, 422)
    assert without_secrets(wrong) == without_secrets(unknown)
    assert sorted(wrong.headers.keys()) == sorted(unknown.headers.keys())


def test_they_take_the_same_time(client, people):
    def seconds(email):
        times = []
        for _ in range(3):
            fields = {"csrf": csrf_of(client.get("/sign-in")), "email": email, "password": "not the password"}
            start = time.monotonic()
            client.post("/sign-in", data=fields)
            times.append(time.monotonic() - start)
        return min(times)

    # bcrypt is most of the time. An account that is not there must cost about as much as one that is.
    known, unknown = seconds(people.stranger.email), seconds("nobody@example.org")
    assert unknown > known / 3 and known > unknown / 3


def test_a_password_is_never_sent_back(client):
    fields = {"csrf": csrf_of(client.get("/sign-in")), "email": "ada@example.org", "password": "hunter2-hunter2"}
    answer = client.post("/sign-in", data=fields)
    assert "hunter2" not in answer.text and "hunter2" not in str(answer.headers)


@pytest.mark.parametrize("csrf", [None, "", "forged", "0" * 64])
def test_a_form_without_its_secret_is_refused(client, people, csrf):
    client.get("/sign-in")
    fields = {"email": people.parent.email, "password": people.parent.password}
    if csrf is not None:
        fields["csrf"] = csrf
    answer = client.post("/sign-in", data=fields)
    assert answer.status_code == 403
    assert client.get("/patients").status_code == 303


def test_the_secret_of_somebody_elses_form_is_refused(server, people):
    with server.client() as mine, server.client() as theirs:
        mine.get("/sign-in")
        fields = {"csrf": csrf_of(theirs.get("/sign-in")), "email": people.parent.email,
                  "password": people.parent.password}
        assert mine.post("/sign-in", data=fields).status_code == 403


def test_a_form_sent_from_another_site_is_refused(client, people):
    fields = {"csrf": csrf_of(client.get("/sign-in")), "email": people.parent.email,
              "password": people.parent.password}
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post("/sign-in", data=fields, headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/patients", "/patients/{patient}", "/patients/{patient}/looks",
                                  "/patients/{patient}/sharing"])
def test_a_visitor_is_sent_to_the_door(client, people, path):
    answer = client.get(path.format(patient=people.parent.patients[0]))
    assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
    assert len(answer.content) < 200


def test_after_signing_in_one_is_where_one_wanted_to_be(client, people):
    wanted = f"/patients/{people.parent.patients[0]}"
    form = client.get(client.get(wanted).headers["location"])
    next_field = re.search(r'name="next" value="([^"]+)"', form.text).group(1)
    fields = {"csrf": csrf_of(form), "email": people.parent.email, "password": people.parent.password,
              "next": next_field}
    assert client.post("/sign-in", data=fields).headers["location"] == wanted


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1"])
def test_signing_in_leads_to_no_other_site(client, people, elsewhere):
    fields = {"csrf": csrf_of(client.get("/sign-in")), "email": people.parent.email,
              "password": people.parent.password, "next": elsewhere}
    assert "evil" not in client.post("/sign-in", data=fields).headers.get("location", "")


def test_signing_in_gives_a_new_session(client, sign_in, people):
    client.get("/sign-in")
    before = dict(client.cookies)
    sign_in(people.parent)
    after = dict(client.cookies)
    assert not set(before.values()) & set(after.values())


def test_signing_out_ends_the_session_and_not_only_the_cookie(client, sign_in, people):
    sign_in(people.parent)
    cookies = dict(client.cookies)
    answer = client.post("/sign-out", data={"csrf": csrf_of(client.get("/patients"))})
    assert answer.status_code == 303
    for name, value in cookies.items():
        client.cookies.set(name, value, domain="localhost.local")
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    client.cookies.clear()
    assert client.get("/patients", headers=headers).status_code == 303


def test_signing_out_needs_the_forms_secret(client, sign_in, people):
    sign_in(people.parent)
    assert client.post("/sign-out", data={}).status_code == 403
    assert client.get("/sign-out").status_code in (404, 405)
    assert client.get("/patients").status_code == 200


# The API

def test_a_token_is_given_for_the_right_password_and_expires(client, people):
    answer = client.post("/api/session", json={"email": people.parent.email, "password": people.parent.password})
    body = answer.json()
    assert answer.status_code in (200, 201) and len(body["token"]) >= 32
    assert 60 <= body["expires_in"] <= 600 < body["refresh_expires_in"] <= 86_400 and body["token_type"] == "Bearer"
    assert "no-store" in answer.headers["cache-control"]


def test_the_api_tells_a_wrong_password_from_an_unknown_account_to_nobody(client, people):
    answers = [
        client.post("/api/session", json={"email": email, "password": "not the password"})
        for email in (people.parent.email, "nobody@example.org")]
    assert answers[0].status_code == answers[1].status_code == 401
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": "Bearer"}, {"Authorization": "Bearer forged"}, {"Authorization": "Basic YTpi"},
    {"Authorization": "Bearer " + "A" * 10_000},
])
def test_the_api_answers_nobody_without_a_token(client, people, headers):
    answer = client.get(f"/fhir/Patient/{people.parent.patients[0]}", headers=headers)
    assert answer.status_code in (401, 431)
    if answer.status_code == 401:
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_cookie_is_no_key_to_the_api(client, sign_in, people):
    # A page of another site can make a browser send cookies, but not a header.
    sign_in(people.parent)
    assert client.get(f"/fhir/Patient/{people.parent.patients[0]}").status_code == 401


def test_a_token_is_no_key_to_the_pages(client, api, people):
    token = api(people.parent).token
    for headers in ({"Authorization": f"Bearer {token}"}, {"Cookie": f"__Host-carekeep={token}"}):
        assert client.get("/patients", headers=headers).status_code == 303


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"email":1,"password":2}', b'{"email":"a@b.c"}', b"\xff\xfe"])
def test_a_malformed_sign_in_is_answered_and_nothing_breaks(client, body):
    answer = client.post("/api/session", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 401, 415, 422)

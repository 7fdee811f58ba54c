"""What every answer says beside its contents. (ENC-2, APP-3)"""

import json
import re

import pytest

OPEN = ["/", "/sign-in", "/nothing-here", "/health/live", "/health/ready"]


def policy_of(answer):
    """The content security policy, as a dictionary."""
    parts = [part.split() for part in answer.headers["content-security-policy"].split(";") if part.strip()]
    return {part[0]: part[1:] for part in parts}


def check(answer, isPage=True):
    headers = answer.headers
    assert int(re.search(r"max-age=(\d+)", headers["strict-transport-security"]).group(1)) >= 180 * 86400
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] in ("no-referrer", "same-origin")
    assert headers.get("cross-origin-opener-policy") == "same-origin"
    assert headers.get("cross-origin-resource-policy") == "same-origin"
    assert "server" not in headers or not re.search(r"\d", headers["server"])
    assert "x-powered-by" not in headers
    policy = policy_of(answer)
    assert policy["default-src"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'none'"]
    everything = " ".join(" ".join(sources) for sources in policy.values())
    assert "unsafe" not in everything and "*" not in everything and "http:" not in everything
    if isPage:
        assert policy["form-action"] == ["'self'"] and policy["base-uri"] == ["'none'"]
        assert headers["content-type"] == "text/html; charset=utf-8"
        check_page(answer.text)


def check_page(html):
    """What a strict policy would block must not be on the page in the first place."""
    assert "<script" not in html.lower()
    assert not re.search(r"<[^>]*\sstyle=", html) and "<style" not in html
    assert not re.search(r"<[^>]*\son[a-z]+=", html)
    assert "javascript:" not in html
    # Evidence that a steward named is elsewhere, is told nothing, and is trusted with nothing.
    own = re.sub(r'<a href="https://[^"]*" rel="noopener noreferrer nofollow">', "<a>", html)
    for address in re.findall(r'(?:src|href|action)="([^"]*)"', own):
        assert not re.match(r"[a-z]+:|//", address), f"leads elsewhere: {address}"


@pytest.mark.parametrize("path", OPEN)
def test_open_pages_carry_the_headers(client, path):
    check(client.get(path), isPage=not path.startswith("/health"))


@pytest.mark.parametrize("path", OPEN + ["/trust.json", "/fhir/metadata"])
def test_asked_for_a_head_the_server_answers_what_it_would_answer_without_the_body(client, path):
    whole, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert head.headers.get("content-type") == whole.headers.get("content-type")
    assert client.get("/health/live").status_code == 200, "and the connection is still good"


def test_a_head_of_a_page_or_record_takes_who_may_see_it(client, sign_in, api, people):
    patient = people.parent.patients[0]
    path = f"/patients/{patient}"
    assert client.head(path).status_code == 303
    sign_in(people.parent)
    assert client.head(path).status_code == 200
    parent = api(people.parent)
    assert parent.head(f"Patient/{patient}").status_code == 200
    assert parent.head("Patient/nobody").status_code == 404
    assert client.head(f"/fhir/Patient/{patient}").status_code == 401


def test_signed_in_pages_carry_them_and_are_kept_by_no_cache(client, sign_in, people):
    sign_in(people.parent)
    patient = people.parent.patients[0]
    timeline = client.get(f"/patients/{patient}")
    record = re.search(rf'href="(/patients/{patient}/records/[^"]+)"', timeline.text).group(1)
    for path in ("/patients", f"/patients/{patient}", record, f"/patients/{patient}/looks",
                 f"/patients/{patient}/sharing"):
        page = client.get(path)
        assert page.status_code == 200, path
        check(page)
        assert "no-store" in page.headers["cache-control"]


def test_the_style_sheet_may_be_kept(client):
    link = re.search(r'rel="stylesheet" href="([^"]+)"', client.get("/sign-in").text).group(1)
    style = client.get(link)
    assert style.status_code == 200 and style.headers["content-type"].startswith("text/css")
    assert "max-age=" in style.headers["cache-control"]


def test_answers_of_the_api_carry_them_too(api, people):
    answer = api(people.parent).get(f"Patient/{people.parent.patients[0]}")
    check(answer, isPage=False)
    assert "no-store" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("application/fhir+json")


def test_nobody_else_may_read_the_answers_in_a_browser(api, people):
    answer = api(people.parent).get(
        f"Patient/{people.parent.patients[0]}", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_the_session_cookie_is_for_this_server_alone(sign_in, people):
    answer = sign_in(people.parent)
    cookies = [cookie for cookie in answer.headers.get_list("set-cookie") if "=;" not in cookie]
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "path=/"} <= attributes
        assert attributes & {"samesite=lax", "samesite=strict"}
        assert not any(attribute.startswith("domain") for attribute in attributes)


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/sign-in", 200), ("GET", "/nothing-here", 404), ("HEAD", "/sign-in", 200), ("PATCH", "/sign-in", 405),
    ("GET", "/fhir/metadata", 200), ("GET", "/fhir/Patient/1", 401), ("GET", "/health/live", 200), ("GET", "/patients", 303)])
def test_every_answer_names_its_request_as_the_log_does(client, server, method, path, status):
    answers = [client.request(method, path, headers={"X-Request-Id": "mine"}) for _ in range(2)]
    ids = [one.headers["x-request-id"] for one in answers]
    assert [one.status_code for one in answers] == [status] * 2
    assert all(re.fullmatch("[0-9a-z]{1,13}", one) for one in ids) and len({*ids, "mine"}) == 3
    lines = [json.loads(line) for line in server.log.read_text(errors="replace").splitlines() if line.startswith("{")]
    for one in ids:
        line, = [line for line in lines if line.get("request") == one and line["event"] == "request"]
        assert line["status"] == status

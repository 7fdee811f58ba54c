"""Reports of weaknesses: security.txt, the policy, the form, following a report, and the operator's side."""

import datetime
import re

import httpx
import pytest

from conftest import DESKTOP, PHONE, browser, csrf_of
from installation import eventually, measured
from server import OUTPUT
from test_headers import check

WORD = "quagmirish"
REPORT = {"what": f"A door stands {WORD} open", "where": "/patients", "how": "1. push\n2. look\x1b[2J", "contact": "", "thanks": "Grace Hopper"}


@pytest.fixture(scope="module")
def home():
    with measured("vulnerabilities") as own:
        own.settings["security"] = {"contact": ["mailto:security@care.example"], "languages": ["en", "de"],
                                    "thanks": ["Ada <Okafor>"]}
        own.configure()
        own.start()
        yield own


@pytest.fixture
def client(home):
    with home.client() as client:
        yield client


def post(client, path, fields, page=None):
    fields = fields | {"csrf": csrf_of(client.get(page or path))}
    return client.post(path, data=fields)


def code_of(page):
    return re.search(r"<code>([-_A-Za-z0-9]{43})</code>", page.text).group(1)


def follow(client, code):
    return post(client, "/security/follow", {"token": code})


@pytest.fixture(scope="module")
def reported(home):
    """A report that everybody here goes on with: its page and its code."""
    with home.client() as client:
        page = post(client, "/security/report", REPORT)
        assert page.status_code == 201, page.text
        return page, code_of(page)


def test_programs_find_whom_to_tell(home, client):
    answer = client.get("/.well-known/security.txt")
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/plain; charset=utf-8"
    fields = [line.split(": ", 1) for line in answer.text.splitlines()]
    base = f"https://localhost:{home.https}"
    assert [value for name, value in fields if name == "Contact"] == [
        "mailto:security@care.example", f"{base}/security/report"]
    one = dict(fields)
    assert one["Policy"] == f"{base}/security/policy" and one["Canonical"] == f"{base}/.well-known/security.txt"
    assert one["Preferred-Languages"] == "en, de"
    assert one["Acknowledgments"] == f"{base}/security/policy#thanks"
    expires = datetime.datetime.fromisoformat(one["Expires"])
    left = expires - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(days=170) < left < datetime.timedelta(days=366)


def test_the_policy_says_what_is_promised(client):
    page = client.get("/security/policy")
    check(page)
    for words in ("makes promise INC-6 fall short", "within 24 hours", "within 30 days", "no action against you", "No health data", "security@care.example"):
        assert words in page.text
    assert '<section class="card" id="thanks">' in page.text and "<li>Ada &lt;Okafor&gt;</li>" in page.text


def test_a_report_gets_a_number_and_a_link_that_looks_nothing_up(home, client, reported):
    page, code = reported
    check(page)
    assert re.search(r"Your report has number \d+\.", page.text)
    before = home.sql("records", "select count(*) from care.entry where act like 'vulnerability.%'")
    link = client.get(f"/security/report/{code}")
    check(link)
    assert link.status_code == 200 and WORD not in link.text
    assert home.sql("records", "select count(*) from care.entry where act like 'vulnerability.%'") == before
    assert f'name="token" value="{code}"' in link.text
    opened = client.post("/security/follow", data={"csrf": csrf_of(link), "token": code})
    check(opened)
    assert opened.status_code == 200 and WORD in opened.text and "It has not been read yet." in opened.text
    assert "\x1b" not in opened.text


def test_a_wrong_code_opens_nothing(client, reported):
    for wrong in ("A" * 43, reported[1][:-1], "'; drop table care.vulnerability; --", "", "\x00", "é" * 43):
        answer = follow(client, wrong)
        assert answer.status_code == 404 and WORD not in answer.text
        check(answer)
    assert client.get("/security/report/" + "B" * 43).status_code == 404  # bits to spare: no code
    assert client.get("/security/report/x").status_code == 404


def test_each_field_that_is_wrong_is_named(client):
    page = post(client, "/security/report", {"what": "", "where": "x" * 1001, "how": "z", "contact": "y" * 301, "thanks": "t" * 201})
    assert page.status_code == 422
    check(page)
    assert page.text.count('aria-invalid="true"') == 4
    for name in ("what", "where", "contact", "thanks"):
        assert f'id="{name}-error"' in page.text
    assert ">z</textarea>" in re.sub(r">\s+", ">", page.text)  # what was right need not be typed again


def test_what_is_too_large_is_refused_whole(home, client):
    rows = home.sql("records", "select count(*) from care.vulnerability")
    assert post(client, "/security/report", REPORT | {"how": "x" * 20_001}).status_code == 422
    page = post(client, "/security/report", REPORT | {"how": "x" * 200_000})
    assert page.status_code == 413 and "nothing of it was kept" in page.text
    assert home.sql("records", "select count(*) from care.vulnerability") == rows


def test_another_site_cannot_report(home, client):
    csrf = csrf_of(client.get("/security/report"))
    assert client.post("/security/report", data=REPORT).status_code == 403
    assert client.post("/security/report", data=REPORT | {"csrf": csrf}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    with home.client() as stranger:
        assert stranger.post("/security/report", data=REPORT | {"csrf": csrf}).status_code == 403
    for path in ("/security/follow", "/security/write"):
        assert client.post(path, data={"token": "A" * 43, "text": "x"}).status_code == 403


def test_nobody_makes_a_test_of_their_report(home, client):
    page = post(client, "/security/report", REPORT | {"mark": "0" * 64})
    assert page.status_code == 201 and "number 0" not in page.text
    assert home.sql("records", "select count(*) from care.vulnerability where is_test") == "0"


def test_the_operator_reads_and_answers_and_the_reporter_sees_it(home, client, reported):
    page, code = reported
    number = re.search(r"number (\d+)\.", page.text).group(1)
    listed = home.command("vulnerabilities")
    assert listed.returncode == 0 and f"{number}  received" in listed.stdout and "to be read by" in listed.stdout
    assert WORD not in listed.stdout
    shown = home.command("vulnerabilities", "show", number)
    assert re.search(r"thank as:\s+Grace Hopper", shown.stdout)
    assert shown.returncode == 0 and WORD in shown.stdout and "\x1b" not in shown.stdout
    assert "It was read" in follow(client, code).text
    assert post(client, "/security/write", {"token": code, "text": "One <b>more</b> thing"}, "/security/follow").status_code == 200
    silent = home.command("vulnerabilities", "close", number, "declined")
    assert silent.returncode != 0 and "answer it first" in silent.stderr
    assert home.command("vulnerabilities", "answer", number, "We shut <it>.").returncode == 0
    assert home.command("vulnerabilities", "close", number, "fixed").returncode == 0
    told = follow(client, code)
    check(told)
    for words in ("One &lt;b&gt;more&lt;/b&gt; thing", "We shut &lt;it&gt;.", "They closed it: repaired.", "It is closed."):
        assert words in told.text
    assert "closed" in home.command("vulnerabilities", "list").stdout
    for wrong in (("show", "999"), ("answer", "999", "x"), ("close", "999", "fixed"), ("close", number, "splendid"),
                  ("answer", number, " "), ("show", "-1")):
        done = home.command("vulnerabilities", *wrong)
        assert done.returncode != 0 and "Fatal" not in done.stderr, wrong


def test_further_words_have_limits(client, reported):
    code = reported[1]
    empty = post(client, "/security/write", {"token": code, "text": " "}, "/security/follow")
    assert empty.status_code == 422 and "it was empty" in empty.text
    long = post(client, "/security/write", {"token": code, "text": "x" * 20_001}, "/security/follow")
    assert long.status_code == 422 and "at most 20000" in long.text
    assert post(client, "/security/write", {"token": "A" * 43, "text": "x"}, "/security/follow").status_code == 404


def test_neither_database_nor_log_nor_metrics_have_a_word_of_it(home, reported):
    for table in ("vulnerability", "vulnerability_act", "entry"):
        for row in home.sql("records", f"select x::text from care.{table} x").splitlines():
            assert WORD not in row and WORD.encode().hex() not in row
            assert reported[1] not in row
    log = home.log.read_text()
    assert "/security/report" in log and WORD not in log and reported[1] not in log


def test_the_metrics_count(home):
    metrics = httpx.get(f"{home.metrics}/metrics").text
    assert re.search(r'carekeep_vulnerability_reports\{state="received"\} [1-9]', metrics)
    assert 'carekeep_vulnerability_reports{state="overdue"} 0' in metrics


def test_the_promise_is_tried(home):
    done = home.command("prove", "INC-6")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Reports received \d+, answered in time \d+, overdue 0\.", done.stdout)
    with home.client() as client:
        # The page is made anew every few seconds, and the metrics have read it just now.
        told = r"Reports received \d+, answered in time \d+, overdue 0\."
        assert eventually(lambda: re.search(told, client.get("/trust").text))
    assert home.sql("records", "select count(*) from care.vulnerability where is_test") == "0"
    assert home.command("prove", "INC-6").returncode == 0
    assert home.sql("records", "select count(*) from care.vulnerability where is_test") == "0"


def test_a_late_report_makes_the_promise_fall_short(home):
    home.sql("records", """insert into care.vulnerability (id, number, token_sha256, is_test, at, acknowledge_by, answer_by, sealed)
                           values (gen_random_uuid(), 9000, sha256('late'), false, now() - interval '3 days',
                                   now() - interval '2 days', now() + interval '20 days', '\\x00')""")
    try:
        done = home.command("prove", "INC-6")
        assert done.returncode == 1 and "reports are overdue" in done.stdout
        listed = home.command("vulnerabilities")
        assert listed.returncode == 1 and "OVERDUE" in listed.stdout
        with home.client() as client:
            row = lambda: re.search(r'id="INC-6".*?</article>', client.get("/trust").text, re.S).group(0)
            assert eventually(lambda: "alls short" in row())
            assert "overdue" not in row()
    finally:
        home.sql("records", "delete from care.vulnerability where number = 9000")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_pages_fit(home, reported, size):
    with browser(size) as driver:
        for name, path in (("policy", "/security/policy"), ("report", "/security/report"), ("follow", "/security/follow"),
                           ("report-link", f"/security/report/{reported[1]}")):
            driver.get(f"https://localhost:{home.https}{path}")
            if name == "report-link":
                driver.find_element("css selector", "main button").click()
                assert eventually(lambda: WORD in driver.page_source)
                name = "weakness"
            assert driver.execute_script("return document.documentElement.scrollWidth <= window.innerWidth"), name
            driver.set_window_size(size[0], max(size[1], driver.execute_script("return document.documentElement.scrollHeight")))
            driver.save_screenshot(str(OUTPUT / f"vulnerabilities-{name}-{size[0]}.png"))
            driver.set_window_size(*size)


def test_one_address_cannot_fill_the_disk(home, client):
    """Last: afterwards nothing more is taken from here for an hour."""
    rows = int(home.sql("records", "select count(*) from care.vulnerability"))
    statuses = [post(client, "/security/report", REPORT).status_code for _ in range(7)]
    assert set(statuses) <= {201, 429} and statuses[-1] == 429
    answer = post(client, "/security/report", REPORT)
    assert answer.status_code == 429 and 0 < int(answer.headers["retry-after"]) <= 3600
    check(answer)
    assert "security@care.example" in answer.text
    taken = int(home.sql("records", "select count(*) from care.vulnerability")) - rows
    assert taken == statuses.count(201) <= 5
    assert home.command("prove", "INC-6").returncode == 0  # the probe is no stranger

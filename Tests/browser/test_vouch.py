"""What people vouch for: stewards at /trust/vouch, what everybody then reads at /trust, and who is kept out."""

import base64
import hashlib
import re
from datetime import datetime, timedelta, timezone

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from conftest import DESKTOP, PHONE, browser, csrf_of
from installation import Person, eventually, measured
from server import OUTPUT
from test_headers import check
from test_pages import check_access, check_console, check_layout, leave

ADA, MEERA = Person("ada@tester.example"), Person("meera@clinic.example")
AUDITOR, STRANGER = Person("audit@office.example"), Person("owner@club.example")
PAGE = "/trust/vouch/GOV-4"
PDF = b"%PDF-" b"1.7\n% minutes of a fire drill \x00\xff\n%%EOF\n"


def day(offset):
    return (datetime.now(timezone.utc) + timedelta(days=offset)).strftime("%Y-%m-%d")


@pytest.fixture(scope="module")
def home():
    """An installation with two stewards of two organisations, an auditor, and an owner who is none of these."""
    with measured("vouch") as own:
        people = [(ADA, "family"), (MEERA, "clinic"), (AUDITOR, "clinic"), (STRANGER, "operations")]
        ways = [own.found(name=f"House of {one.email}", email=one.email, owner=one.email.split("@")[0].title(),
                          profile=profile) for one, profile in people]
        for one in (ADA, MEERA):
            done = own.command("stewards", "add", one.email)
            assert done.returncode == 0 and "a steward now" in done.stdout, done.stdout + done.stderr
        assert "an auditor now" in own.command("stewards", "add", "--auditor", AUDITOR.email).stdout
        own.start()
        for way in ways:
            own.set_password(way)
        yield own


class Desk:
    """Somebody signed in, who fills in the forms at /trust/vouch."""

    def __init__(self, home, person):
        self.home, self.person = home, person
        self.client = home.client()
        if person:
            assert home.sign_in(self.client, person).status_code == 303

    def page(self, path=PAGE):
        return self.client.get(path)

    def fields(self):
        page = self.page().text
        after = re.search(r'name="after" value="([^"]*)"', page)
        return {"after": after.group(1) if after else "", "words": "The doors were looked at & locked.",
                "signed_as": "Ada Tester, operations", "link": "https://evidence.example/doors", "since": day(0),
                "until": day(200)}

    def vouch(self, path=PAGE, file=None, headers=None, **changes):
        return self.post(path, self.fields() | changes, files={"file": file or ("", b"", "application/octet-stream")},
                         headers=headers or {})

    def waiting(self):
        """The ids of what has a form for a review, or a withdrawal."""
        return re.findall(r'name="attestation" value="([^"]+)"', self.page().text)

    def act(self, what, **fields):
        return self.post(f"{PAGE}/{what}", fields)

    def post(self, path, fields, headers=None, **more):
        """Sends a form. Who was asked to show again who they are does so, and sends it again."""
        for _ in range(2):
            data = {"csrf": csrf_of(self.page("/patients"))} | fields
            answer = self.client.post(path, data=data, headers={"Origin": self.home.url} | (headers or {}), **more)
            where = answer.headers.get("location", "")
            if not where.startswith("/step-up"):
                return answer
            data = {"csrf": csrf_of(self.page(where)), "code": self.home.code(self.person)}
            assert self.client.post("/step-up", data=data).status_code == 303
        return answer


@pytest.fixture(scope="module")
def desks(home):
    made = {one.email.split("@")[0]: Desk(home, one) for one in (ADA, MEERA, AUDITOR, STRANGER)}
    yield made
    for desk in made.values():
        desk.client.close()


def standing(home, promise="GOV-4"):
    with home.client() as client:
        rows = client.get("/trust.json").json()["trust"]["promises"]
    return next(row for row in rows if row["id"] == promise)


def articles(page, promise):
    return re.search(rf'<article class="promise [a-z]+" id="{promise}">.*?</article>', page, re.DOTALL).group(0)


def test_only_stewards_and_auditors_find_the_pages(home, desks):
    for name, status in (("ada", 200), ("audit", 200), ("owner", 404)):
        for path in ("/trust/vouch", PAGE):
            assert desks[name].page(path).status_code == status, (name, path)
    stranger = desks["owner"]
    missing = stranger.page("/trust/nothing-is-here")
    assert missing.status_code == 404
    assert stranger.vouch().status_code == 404
    assert stranger.act("review", attestation="0" * 8 + "-0000-4000-8000-" + "0" * 12, verdict="accept").status_code == 404
    assert "Vouching" not in stranger.page("/patients").text and "stewards" not in stranger.page("/trust").text
    with home.client() as visitor:
        assert visitor.get("/trust/vouch").headers["location"].startswith("/sign-in")
        assert "stewards" not in visitor.get("/trust").text
    # An auditor looks, and vouches for nothing.
    auditor = desks["audit"]
    assert "<form" not in auditor.page().text.split("<main")[1]
    assert auditor.vouch().status_code == 404
    check(desks["ada"].page("/trust/vouch"))


def test_two_stewards_make_a_promise_vouched_for(home, desks):
    ada, meera = desks["ada"], desks["meera"]
    assert standing(home)["standing"] == "nobody has vouched"
    assert ada.vouch(file=("minutes.exe", PDF, "application/x-msdownload")).status_code == 303
    # It waits: the public sees nothing of it, and its author cannot review it.
    assert standing(home)["standing"] == "nobody has vouched"
    id, = set(ada.waiting())
    refused = ada.act("review", attestation=id, verdict="accept")
    assert refused.status_code == 422 and "what they vouched for themselves" in refused.text
    assert "Waits for your review" in meera.page("/trust/vouch").text
    assert "1 promise to review" in meera.page("/patients").text
    assert meera.act("review", attestation=id, verdict="accept").status_code == 303
    row = standing(home)
    assert row["standing"] == "vouched for"
    assert row["vouched"]["by"] == "Ada Tester, operations"
    assert row["vouched"]["words"] == "The doors were looked at & locked."
    assert row["vouched"]["file_sha256"] == hashlib.sha256(PDF).hexdigest()
    with home.client() as visitor:
        page = visitor.get("/trust")
        check(page)
        shown = articles(page.text, "GOV-4")
        assert "Vouched for until" in shown and "A second person reviewed it" in shown
        assert "looked at &amp; locked" in shown and row["vouched"]["file_sha256"] in shown
        # The file itself is for officers.
        evidence = f"{PAGE}/evidence/{id}"
        assert visitor.get(evidence).status_code == 303
    assert desks["owner"].page(evidence).status_code == 404
    for name in ("meera", "audit"):
        file = desks[name].page(evidence)
        assert file.content == PDF and file.headers["content-type"] == "application/pdf"
        assert file.headers["content-disposition"].startswith("attachment") and file.headers["x-content-type-options"] == "nosniff"
    assert desks["meera"].page(evidence.replace("GOV-4", "GOV-1")).status_code == 404
    for name in ("ada", "meera", "audit"):
        shown = desks[name].page().text
        assert "<dt>Entered by</dt><dd><bdi>ada@tester.example</bdi>" in shown
        assert "<dt>Reviewed by</dt><dd><bdi>meera@clinic.example</bdi>" in shown
    with home.client() as visitor:
        assert not [one for one in (ADA, MEERA) if one.email in visitor.get("/trust").text + visitor.get("/trust.json").text]
    # Twice is once too often.
    again = meera.act("review", attestation=id, verdict="decline", reason="no")
    assert again.status_code == 409 and "does not wait for a review" in again.text
    entries = home.sql("records", "select string_agg(distinct act, ' ' order by act) from care.entry where granted and act like 'attestation%'")
    assert entries == "attestation.evidence attestation.list attestation.make attestation.review"


@pytest.mark.parametrize("changes, field, rule", [
    ({"words": ""}, "words", "say in a sentence"),
    ({"words": "x" * 501}, "words", "at most 500 characters; these are 501"),
    ({"signed_as": ""}, "signed_as", "a name and an office"),
    ({"signed_as": "x" * 101}, "signed_as", "at most 100 characters"),
    ({"words": "done\0"}, "words", "cannot be seen"),
    ({"signed_as": "Ada\0"}, "signed_as", "cannot be seen"),
    ({"link": "http://evidence.example"}, "link", "begins with https://"),
    ({"link": "https://evidence.example/\0"}, "link", "not a link as browsers write it"),
    ({"link": "https://me:secret@evidence.example"}, "link", "leave the name and the password out"),
    ({"link": "javascript:alert(1)"}, "link", "begins with https://"),
    ({"link": ""}, "file", "give a link or a file"),
    ({"since": day(1)}, "since", "not in the future"),
    ({"since": "yesterday"}, "since", "choose the first day"),
    ({"until": day(-1), "since": day(-9)}, "until", "not over"),
    ({"until": day(-9), "since": day(-8)}, "until", "after the first"),
    ({"until": day(800)}, "until", "within 24 months"),
    ({"file": ("report.pdf", b"MZ\x90\x00\x03", "application/pdf")}, "file", "a PDF, a PNG picture or plain text"),
    ({"file": ("report.pdf", b"%PDF-" + b"x" * (5 << 20), "application/pdf")}, "file", "at most 5 MB"),
], ids=lambda value: None if not isinstance(value, str) else value[:12])
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(home, desks, changes, field, rule):
    before = home.sql("records", "select count(*) from care.attestation")
    answer = desks["ada"].vouch(**changes)
    assert answer.status_code == 422
    error = re.search(rf'id="{field}-error">([^<]*)<', answer.text)
    assert error and rule in error.group(1), re.findall(r'id="[a-z_]+-error">[^<]*<', answer.text)
    assert len(re.findall(r'class="error"', answer.text)) == 1
    assert "The doors were looked at" in answer.text or field == "words"  # what was right stays
    assert home.sql("records", "select count(*) from care.attestation") == before


def test_a_file_far_too_large_is_refused_unread(home, desks):
    answer = desks["ada"].vouch(file=("big.pdf", b"%PDF-" + b"x" * (7 << 20), "application/pdf"))
    assert answer.status_code == 413
    assert re.search(r'id="file-error">[^<]*5 MB', answer.text)


def test_a_promise_that_nobody_vouches_for_is_named(desks):
    ada = desks["ada"]
    answer = ada.page("/trust/vouch/XYZ" + "-9")
    assert answer.status_code == 404 and "There is no promise of that id" in answer.text
    for answer in (ada.page("/trust/vouch/ISO-1"), ada.vouch("/trust/vouch/ISO-1")):
        assert answer.status_code == 422 and "ISO-1 is for the software to keep" in answer.text


def test_a_stale_form_and_a_foreign_one_change_nothing(home, desks):
    ada, meera = desks["ada"], desks["meera"]
    stale = meera.fields()["after"]
    assert ada.vouch(words="First.").status_code == 303
    answer = meera.vouch(words="Second, unaware.", after=stale)
    assert answer.status_code == 409 and "after you had opened the page" in answer.text
    assert "Second, unaware." in answer.text  # not lost
    before = home.sql("records", "select count(*) from care.attestation")
    assert meera.vouch(headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert meera.vouch(csrf="guessed").status_code == 403
    assert home.sql("records", "select count(*) from care.attestation") == before
    urlencoded = meera.client.post(PAGE, data={"csrf": csrf_of(meera.page("/patients"))}, headers={"Origin": home.url})
    assert urlencoded.status_code == 415


def test_declining_takes_a_reason_and_withdrawing_ends_it(home, desks):
    ada, meera = desks["ada"], desks["meera"]
    newest = home.sql("records", "select id from care.attestation order by at desc limit 1")
    unsaid = meera.act("review", attestation=newest, verdict="decline")
    assert unsaid.status_code == 422
    assert re.search(rf'id="reason-review-{newest}-error">Please say why', unsaid.text)
    assert meera.act("review", attestation=newest, verdict="decline", reason="The back door <was> open.").status_code == 303
    assert "The back door &lt;was&gt; open." in ada.page().text
    assert "back door" not in home.client().get("/trust").text
    assert meera.act("review", attestation="nonsense", verdict="accept").status_code == 422
    assert meera.act("review", attestation=newest, verdict="perhaps").status_code == 422
    in_force = home.sql("records", """select a.id from care.attestation a join care.attestation_review r on r.attestation_id = a.id
                                       where r.accepted""")
    assert meera.act("withdraw", attestation=in_force).status_code == 422
    long = "A key was lost, and then found. " * 20
    kept = meera.act("withdraw", attestation=in_force, reason=long)
    assert kept.status_code == 422 and f'value="{long.strip()}"' in kept.text, "what was written is still there"
    unseen = meera.act("withdraw", attestation=in_force, reason="a key\0")
    assert unseen.status_code == 422 and re.search(r'id="reason[^"]*-error">[^<]*cannot be seen', unseen.text)
    assert meera.act("withdraw", attestation=in_force, reason="A key was lost.").status_code == 303
    assert meera.act("withdraw", attestation=in_force, reason="again").status_code == 409
    row = standing(home)
    assert row["standing"] == "vouching ended" and "withdrawn" in row["vouched"]
    assert "key was lost" not in home.client().get("/trust").text
    assert "1 promise that nobody vouches for any more" in ada.page("/patients").text


def metric(home, state):
    text = home.client().get(home.metrics + "/metrics").text
    found = re.search(rf'^carekeep_attestations{{state="{state}"}} (\d+)$', text, re.MULTILINE)
    return found and int(found.group(1))


def test_what_is_due_is_told_to_stewards_and_in_the_metrics(home, desks):
    ada, meera = desks["ada"], desks["meera"]
    assert ada.vouch(until=day(20)).status_code == 303
    id = ada.fields()["after"]
    assert eventually(lambda: metric(home, "waiting") == 1)
    assert meera.act("review", attestation=id, verdict="accept").status_code == 303
    assert standing(home)["standing"] == "vouched for, due"
    assert "1 promise to renew within 30 days" in ada.page("/patients").text
    assert "to be renewed" in articles(home.client().get("/trust").text, "GOV-4")
    assert eventually(lambda: (metric(home, "due"), metric(home, "waiting")) == (1, 0))


def test_the_operator_names_stewards(home):
    listed = home.command("stewards").stdout
    assert f"steward  {ADA.email}" in listed and f"auditor  {AUDITOR.email}" in listed
    assert "already" in home.command("stewards", "add", ADA.email).stdout
    for wrong in (("add", "nobody@nowhere.example"), ("remove", "nobody@nowhere.example"), ("remove", STRANGER.email)):
        assert home.command("stewards", *wrong).returncode != 0, wrong
    assert home.command("stewards", "add", STRANGER.email).returncode == 0
    with_office = Desk(home, STRANGER)
    assert with_office.page("/trust/vouch").status_code == 200
    assert home.command("stewards", "remove", STRANGER.email).returncode == 0
    assert with_office.page("/trust/vouch").status_code == 404
    with_office.client.close()


def test_details_of_failures_are_for_stewards_and_auditors(home, desks):
    home.sql("records", "grant select on care.pass to carekeep_server")
    try:
        assert home.command("prove", "ISO-5").returncode == 1
    finally:
        home.sql("records", "revoke select on care.pass from carekeep_server")
    told = "unexpected: carekeep_server may select on pass"
    for name in ("ada", "audit"):
        page = desks[name].page("/trust/details")
        check(page)
        assert page.status_code == 200 and told in page.text and "Falls short since" in page.text
        assert "ISO-5" in page.text and re.search(r"run <span class=\"id\">[0-9a-f-]{36}<", page.text)
        assert 'href="/trust/details"' in desks[name].page("/trust").text
    assert desks["owner"].page("/trust/details").status_code == 404
    with home.client() as visitor:
        assert visitor.get("/trust/details").headers["location"].startswith("/sign-in")
        for client in (visitor, desks["owner"].client):
            for path in ("/trust", "/trust.json"):
                answer = client.get(path)
                assert told not in answer.text and "/trust/details" not in answer.text
    entries = "select count(*) from care.entry where act = 'probe.read' and {}granted"
    assert (home.sql("records", entries.format("")), home.sql("records", entries.format("not "))) == ("2", "1")
    assert home.command("prove", "ISO-5").returncode == 0
    # The page now leads elsewhere by the links of those who vouch, and by nothing else.
    assert home.command("prove", "APP-3").returncode == 0
    page = desks["audit"].page("/trust/details").text
    assert page.index("Was put right") < page.index(told)


def test_what_is_withheld_is_counted_and_not_named(home):
    home.settings = home.settings | {"promises": {"tried": "never", "withheld": ["INC-1", "GOV-8"]}}
    home.configure()
    home.stop()
    home.start()
    with home.client() as visitor:
        file = visitor.get("/trust.json").json()["trust"]
        page = visitor.get("/trust").text
    assert file["withheld"] == 2
    ids = [row["id"] for row in file["promises"]]
    assert "INC-1" not in ids and "GOV-8" not in ids and "GOV-4" in ids
    assert sum(file["counts"].values()) == len(ids)
    assert "2 promises are not shown" in page and "GOV-8" not in page and "INC-1" not in page
    home.settings = home.settings | {"promises": {"withheld": ["gov-8"]}}
    home.configure()
    done = home.command("config")
    assert done.returncode != 0 and "promises.withheld must be a list of ids of promises" in done.stderr
    home.settings = home.settings | {"promises": {"tried": "never"}}
    home.configure()


def shoot(driver, name):
    shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "format": "png"})
    (OUTPUT / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


@pytest.fixture(params=["desktop", "phone"])
def driver(request):
    driver = browser(DESKTOP if request.param == "desktop" else PHONE)
    driver.kind, driver.has_javascript = request.param, True
    yield driver
    driver.quit()


def sign_in(driver, home, person, next):
    driver.get(f"{home.url}{next}")
    driver.find_element(By.NAME, "email").send_keys(person.email)
    password = driver.find_element(By.NAME, "password")
    leave(driver, lambda: password.send_keys(person.password, Keys.ENTER))
    code = driver.find_element(By.NAME, "code")
    leave(driver, lambda: code.send_keys(home.code(person), Keys.ENTER))


def look(driver, name):
    shoot(driver, f"{name}-{driver.kind}")
    check_layout(driver)
    check_access(driver)
    check_console(driver)


def test_a_steward_vouches_in_a_browser(home, driver, tmp_path):
    sign_in(driver, home, ADA, "/patients")
    look(driver, "vouch-home")
    leave(driver, driver.find_element(By.LINK_TEXT, "Vouching").click)
    look(driver, "vouch-list")
    driver.get(home.url + "/trust/vouch/GOV-1")
    look(driver, "vouch-form")
    file = tmp_path / "assessment.txt"
    file.write_text("Risks were assessed.\n")
    driver.find_element(By.NAME, "words").send_keys("Risks were assessed with all heads of service.")
    driver.find_element(By.NAME, "signed_as").send_keys("Ada Tester, operations")
    driver.find_element(By.NAME, "file").send_keys(str(file))
    for name, value in (("since", day(0)), ("until", day(300))):
        driver.execute_script("arguments[0].value = arguments[1]", driver.find_element(By.NAME, name), value)
    leave(driver, driver.find_element(By.XPATH, "//button[text()='Vouch']").click)
    assert "Noted" in driver.find_element(By.CSS_SELECTOR, "[role=status]").text
    look(driver, "vouch-waits")
    driver.delete_all_cookies()
    sign_in(driver, home, MEERA, "/trust/vouch/GOV-1")
    look(driver, "vouch-review")
    driver.find_element(By.XPATH, "//summary[text()='Decline it']").click()
    leave(driver, driver.find_element(By.XPATH, "//button[text()='Decline']").click)
    assert "Please say why" in driver.find_element(By.TAG_NAME, "main").text
    look(driver, "vouch-declined-without-reason")
    leave(driver, driver.find_element(By.XPATH, "//button[text()='Accept']").click)
    assert "Accepted" in driver.find_element(By.CSS_SELECTOR, "[role=status]").text
    look(driver, "vouch-accepted")
    driver.get(home.url + "/trust#GOV-1")
    look(driver, "vouch-public")
    driver.get(home.url + "/trust/details")
    look(driver, "vouch-details")


def test_the_form_is_reached_in_order_by_keyboard(home, driver):
    sign_in(driver, home, ADA, "/trust/vouch/GOV-2")
    driver.find_element(By.CSS_SELECTOR, "main").click()
    driver.execute_script("document.querySelector('main').focus()")
    seen = []
    for _ in range(20):
        ActionChains(driver).send_keys(Keys.TAB).perform()
        seen.append(driver.switch_to.active_element.get_attribute("name") or "")
        if driver.switch_to.active_element.text == "Vouch":
            break
    order = [name for index, name in enumerate(seen) if name and name not in seen[:index]]
    assert order == ["words", "signed_as", "link", "file", "since", "until"]

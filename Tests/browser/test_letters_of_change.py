"""Letters that tell somebody what happened to their account: a device that was not seen before, another code app (ACC-3); and that
something was reported, and answered (FAM-3)."""

import re
import secrets

from code_app import csrf_of, set_up
from installation import Person, create, eventually, patient
from mailbox import link_in
from test_account import ADA, box, home, letter_to, mail, post, somebody  # noqa: F401 (fixtures)
from test_activity import report
from test_family import BOXES
from test_trust import results

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
IPHONE = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
          "Version/17.0 Mobile/15E148 Safari/604.1")


def told(home, template):
    return int(home.sql("records", f"select count(*) from care.letter where template = '{template}'"))


def browser_of(home, agent):
    client = home.client()
    client.headers["User-Agent"] = agent
    return client


def test_a_device_that_was_not_seen_before_is_told_of(home, mail, somebody):
    with browser_of(home, FIREFOX) as laptop, browser_of(home, IPHONE) as phone:
        assert home.sign_in(laptop, somebody).status_code == 303
        assert told(home, "new-device") == 0, "the first is expected"
        assert home.sign_in(phone, somebody).status_code == 303
        letter = letter_to(mail, somebody.email, "A new device signed in to your Carekeep account")
        assert "iPhone" in letter.get_content() and "If it was not" in letter.get_content()
        assert home.sign_in(laptop, somebody).status_code == 303
        assert home.sign_in(phone, somebody).status_code == 303
        assert told(home, "new-device") == 1, "both are known now"


def test_a_known_device_is_known_on_the_way(home, mail, somebody):
    with browser_of(home, FIREFOX) as client:
        home.sign_in(client, somebody)
        client.headers["User-Agent"] = IPHONE  # it has what says that it is known
        home.sign_in(client, somebody)
    assert told(home, "new-device") == 0


def test_nobody_is_told_more_than_three_times_a_day(home, mail, somebody):
    for number in range(6):
        with home.client() as client:
            client.headers["User-Agent"] = [FIREFOX, IPHONE, "curl/8", FIREFOX.replace("X11; Linux", "Windows NT 10.0;"),
                                            FIREFOX.replace("X11; Linux x86_64", "Macintosh"), "Python/3"][number]
            home.sign_in(client, somebody)
    assert 1 <= told(home, "new-device") <= 3


def test_a_wrong_password_tells_nobody_of_a_device(home, mail, somebody):
    with browser_of(home, FIREFOX) as client, browser_of(home, IPHONE) as stranger:
        home.sign_in(client, somebody)
        somebody.password, right = "not this one 9", somebody.password
        assert home.sign_in(stranger, somebody).status_code != 303
        somebody.password = right
    assert told(home, "new-device") == 0


def test_another_code_app_is_told_of(home, mail, somebody):
    with home.client() as client:
        home.sign_in(client, somebody)
        set_up(home, client, somebody)
    letter = letter_to(mail, somebody.email, "How you sign in to Carekeep was changed")
    assert "code app" in letter.get_content()


def test_a_report_and_its_answer_are_told_of(home, mail, somebody):
    with home.client() as client, home.client() as owner:
        home.sign_in(client, somebody)
        assert report(client, "quicksilver marmalade").status_code == 303
        letter = letter_to(mail, ADA.email, "Somebody reported that something looks wrong").get_content()
        assert f"{home.url}/reports" in letter and "marmalade" not in letter and "Nomvula" not in letter
        home.sign_in(owner, ADA)
        page = owner.get("/reports")
        address = re.findall(r'action="(/reports/[0-9a-f-]{36})"', page.text)[0]
        answer = owner.post(address, data={"csrf": csrf_of(page), "words": "velvet harmonica", "closing": "yes"})
        assert answer.status_code == 303
        letter = letter_to(mail, somebody.email, "Your report was answered").get_content()
        assert f"{home.url}/account/activity" in letter and "harmonica" not in letter
    assert told(home, "concern-reported") == told(home, "concern-answered") == 1


def test_what_is_to_nobody_goes_to_no_mail_server(home, mail):
    address = "nobody@nowhere.invalid"  # RFC 2606
    body = {"name": "Nomvula Dube", "email": address, "roles": ["caregiver"]}
    assert home.owner.post(f"{home.url}/api/members", json=body).status_code == 201
    assert eventually(lambda: home.sql("records", "select state, last_error from care.letter") == "refused|cannot_be_addressed")
    assert mail.commands == []


def test_checks_mail_nothing_and_leave_no_letter(home, mail):
    done = home.command("prove", "ACC-2", "ENC-7")
    assert {row[1] for row in results(done).values()} == {"kept"}, done.stdout + done.stderr
    assert home.sql("records", "select count(*) from care.letter") == "0"
    assert home.sql("records", "select count(*) from care.job where kind = 'mail.send'") == "0"
    assert mail.commands == [], "a word of the synthetic people stands in their address"
    # Had it been kept on the queue, somebody's letter would have been sent after it.
    body = {"name": "Nomvula Dube", "email": "next@tester.example", "roles": ["caregiver"]}
    assert home.owner.post(f"{home.url}/api/members", json=body).status_code == 201
    letter_to(mail, "next@tester.example", "Your way into Carekeep")
    assert [one.recipients for one in mail.letters] == [["next@tester.example"]]


def test_wrong_pins_are_told_to_whoever_has_the_pin(home, mail):
    kim, pin = Person(f"{secrets.token_hex(6)}@tester.example"), "284915"
    with home.api(ADA) as api, home.client() as first, home.client() as second:
        child = create(api, patient())
        assert home.sign_in(first, ADA).status_code == 303
        asked = post(home, first, f"/patients/{child}/carers", name="Kim", email=kim.email, basis="agreement", may="guardian", until="",
                     **{f"see-{one}": "yes" for one in BOXES})
        assert asked.status_code in (200, 303), asked.text
        assert eventually(lambda: mail.to(kim.email))
        assert home.set_password(link_in(mail.to(kim.email)[-1])).status_code == 303
        assert home.sign_in(second, kim).status_code == 303
        assert post(home, second, "/account/pin", pin=pin, again=pin).status_code == 303
        given = create(api, {
            "resourceType": "MedicationAdministration", "status": "completed", "effectiveDateTime": "2026-11-20T08:00:00Z",
            "medicationCodeableConcept": {"text": "Quicksilver"}, "subject": {"reference": f"Patient/{child}"}})
        sign = f"/patients/{child}/records/MedicationAdministration%2E{given}/sign"
        member = re.search(r'<option value="([0-9a-f-]{36})"[^>]*>Kim<', first.get(sign).text).group(1)
        for number in range(5):
            assert told(home, "pin-locked") == 0, f"after {number}"
            assert post(home, first, sign, version="1", member=member, pin="730264").status_code == 422
        letter = letter_to(mail, kim.email, "Wrong PINs were tried in your name").get_content()
        assert f"{home.url}/account/pin" in letter and "uicksilver" not in letter and "730264" not in letter
        assert post(home, first, sign, version="1", member=member, pin=pin).status_code == 429
        assert told(home, "pin-locked") == 1 and all("PIN" not in one["Subject"] for one in mail.to(ADA.email))

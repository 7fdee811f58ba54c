"""Mail, as a mail server sees it: what is queued arrives, once, over TLS, whatever goes wrong on the way. (ACC-2)"""

import re
import secrets
import signal

import httpx
import pytest

from installation import Person, eventually, installation, kill
from mailbox import Mailbox, certificate, link_in
from server import free_ports

ADA = Person("ada@tester.example")


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mail")
    box = Mailbox(certificate(folder / "own"))
    box.wrong = certificate(folder / "wrong", "192.0.2.1")
    box.authority = folder / "authority.pem"
    box.authority.write_text("".join((one / "certificate.pem").read_text() for one in (box.certificate, box.wrong)))
    yield box
    box.close()


@pytest.fixture(scope="module")
def home(box):
    port, = free_ports(1)
    with installation("mail") as home:
        home.metrics = f"http://127.0.0.1:{port}"
        home.settings = {
            "listen": home.configuration()["listen"] | {"metrics": {"host": "127.0.0.1", "port": port}},
            "mail": {"host": "127.0.0.1", "port": box.port, "from": "carekeep@tester.example",
                     "authority_file": str(box.authority)}}
        home.configure()
        link = home.found()
        home.start()
        home.set_password(link)
        with home.api(ADA) as api:
            home.owner = api
            yield home


@pytest.fixture
def mail(box, home):
    """The mailbox, open and empty; nothing is on its way."""
    home.sql("records", "delete from care.job where kind = 'mail.send'; delete from care.letter")
    box.forget()
    yield box.open()
    box.close()


def add(home, email=None, **more):
    """Adds somebody to the organisation, and answers with the address."""
    email = email or f"{secrets.token_hex(6)}@tester.example"
    body = {"name": "Nomvula Dube", "email": email, "roles": ["caregiver"]} | more
    answer = home.owner.post(f"{home.url}/api/members", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json() == {"mailed": True, "purpose": "set-password"}, "whoever adds does not get the link"
    return email


def letters(home, columns="state", order="queued_at desc"):
    return home.sql("records", f"select {columns} from care.letter order by {order}").splitlines()


def hurry(home):
    """Nobody waits for the pause after a failure."""
    home.sql("records", "update care.job set run_at = now() where kind = 'mail.send' and state = 'waiting'")


def failed_with(home, code):
    return eventually(lambda: letters(home, "state || ' ' || coalesce(last_error, '-')") == [f"waiting {code}"])


def arrives(home, mail, email):
    assert eventually(lambda: hurry(home) or mail.to(email), 60, every=0.5), letters(home, "state, last_error")
    assert eventually(lambda: "waiting" not in letters(home))
    return mail.to(email)[-1]


# What arrives

def test_whoever_is_added_gets_the_link_by_mail_and_nobody_else_does(home, mail):
    email = add(home)
    letter = arrives(home, mail, email)
    assert letter.tls and letter.sender == "carekeep@tester.example" and letter.recipients == [email]
    assert letter["To"] == email and letter["From"] == "Carekeep <carekeep@tester.example>"
    assert letter["Auto-Submitted"] == "auto-generated" and letter["Subject"] == "Your way into Carekeep"
    text = letter.get_content()
    assert "The Testers" in text and "Nomvula" not in text
    id, left = letters(home, "id, (sealed is null and sealed_address is null)::text")[0].split("|")
    assert left == "true", "what was sent is not kept"
    assert letter["Message-ID"] == f"<{id}@tester.example>"
    assert len(mail.to(email)) == 1
    metrics = httpx.get(f"{home.metrics}/metrics").text
    assert 'carekeep_letters{state="sent"} 1\n' in metrics and 'carekeep_letters{state="waiting"} 0\n' in metrics
    way = link_in(letter)
    assert home.set_password(way).status_code == 303
    assert home.set_password(way).status_code in (403, 410)
    with home.client() as client:
        assert client.post("/api/session", json={"email": email, "password": "seven lamps on the quay"}).status_code == 201


def test_what_waits_stands_in_the_store_in_no_readable_form(home, mail):
    mail.close()
    email = add(home)
    stored = home.sql("records", "select encode(sealed, 'escape'), letter.* from care.letter")
    assert email not in stored and "password" not in stored.replace("set-password", "")
    assert link_in(arrives(home, mail.open(), email)).split("=")[1] not in stored


def test_an_operators_link_goes_by_mail_or_is_printed(home, mail):
    email = add(home)
    arrives(home, mail, email)
    said = home.command("link", "--email", email)
    assert said.returncode == 0 and "/password" not in said.stdout, said.stdout
    assert eventually(lambda: len(mail.to(email)) == 2)
    assert home.set_password(link_in(mail.to(email)[0])).status_code == 410, "the one before ends"
    assert home.set_password(link_in(mail.to(email)[1])).status_code == 303
    said = home.command("link", "--email", email, "--print")
    assert f"https://localhost:{home.https}/password?link=" in said.stdout
    assert home.command("link", "--email", "nobody@tester.example").returncode != 0


# The way there

def test_without_tls_nothing_is_said(home, mail):
    mail.open(tls=None)
    email = add(home)
    assert failed_with(home, "tls_not_offered")
    assert mail.commands == [] and mail.letters == []
    arrives(home, mail.open(), email)


@pytest.mark.parametrize("wrong", ["another one vouches", "another name"])
def test_a_server_has_to_prove_its_name(home, mail, tmp_path, wrong):
    mail.open(certificate=mail.wrong if wrong == "another name" else certificate(tmp_path / "c"))
    email = add(home)
    assert failed_with(home, "certificate_not_trusted")
    assert mail.commands == [] and mail.letters == []
    arrives(home, mail.open(), email)


def test_a_server_that_is_away_gets_it_later(home, mail):
    mail.close()
    email = add(home)
    assert failed_with(home, "not_reached")
    assert home.sql("records", "select run_at > now() from care.job where kind = 'mail.send'") == "t", "after a pause"
    arrives(home, mail.open(), email)
    assert len(mail.letters) == 1


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_not_now_is_tried_again_under_the_same_id(home, mail, command):
    mail.replies = {command: "450 later, please"}
    email = add(home)
    assert failed_with(home, "smtp_450")
    mail.replies = {}
    arrives(home, mail, email)
    assert len(set(mail.ids)) == 1


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_never_is_given_up_and_told(home, mail, command):
    mail.replies = {command: "550 nobody of that name"}
    email = add(home)
    assert eventually(lambda: letters(home, "state || ' ' || last_error") == ["refused smtp_550"])
    asked = len(mail.commands)
    hurry(home)
    assert eventually(lambda: home.sql("records", "select state from care.job where kind = 'mail.send'") == "done")
    assert len(mail.commands) == asked
    said = home.command("mail").stdout
    assert re.search(r"^refused  set-password  1  oldest \S+  error smtp_550$", said, re.M) and email not in said
    assert 'carekeep_letters{state="refused"} 1\n' in httpx.get(f"{home.metrics}/metrics").text


def test_a_lost_answer_is_followed_by_the_same_letter_under_the_same_id(home, mail):
    mail.drops = 1
    email = add(home)
    assert eventually(lambda: hurry(home) or len(mail.letters) == 2, 60, every=0.5)
    assert eventually(lambda: letters(home) == ["sent"])
    assert len(set(mail.ids)) == 1 and len({bytes(one) for one in mail.letters}) == 1


def test_none_is_lost_with_the_server(home, mail):
    mail.may_answer.clear()
    waiting = add(home)
    assert mail.asked.acquire(timeout=60), "the mail server has it, and has said nothing yet"
    more = [add(home) for _ in range(3)]
    victim = home.server_process()
    kill(victim, signal.SIGKILL)
    mail.may_answer.set()
    assert eventually(lambda: home.server_process() not in (None, victim) and home.is_ready(), 60)
    # So that nobody has to wait for the dead server's lease.
    home.sql("records", "update care.guard set clock_offset = '10 minutes'")
    try:
        assert eventually(lambda: letters(home) == ["sent"] * 4, 60), letters(home, "state, last_error")
    finally:
        home.sql("records", "update care.guard set clock_offset = '0'")
    assert {to for one in mail.letters for to in one.recipients} == {waiting, *more}
    assert len(set(mail.ids)) == 4
    assert len(mail.to(waiting)) == 2, "nobody knew that it was sent, so it was sent again, under its id"
    assert all(len(mail.to(one)) <= 2 for one in more)


def test_what_came_too_late_is_given_up(home, mail):
    mail.close()
    add(home)
    assert failed_with(home, "not_reached")
    home.sql("records", "update care.letter set queued_at = now() - interval '8 days', until = now() - interval '1 day'")
    mail.open()
    hurry(home)
    assert eventually(lambda: letters(home, "state, sealed is null") == ["expired|t"])
    assert mail.letters == []


# What cannot be put into it

@pytest.mark.parametrize("email", [
    "a@b.example\r\nBcc: c@d.example", "a@b.example\nX", "a@b.example>\r\nRCPT TO:<c@d.example", "a@b.example,c@d.example",
    "<a@b.example>", "a b@c.example", "a\u0000@b.example", "a@b.example\u2028", "\u00e4@b.example", "a@b.example>SIZE=1",
])
def test_an_address_that_is_more_than_one_is_refused(home, mail, email):
    body = {"name": "X", "email": email, "roles": ["caregiver"]}
    answer = home.owner.post(f"{home.url}/api/members", json=body)
    assert answer.status_code in (400, 422)
    # NUL is no text in any JSON, so nobody looks for the element.
    assert "\0" in email or answer.json()["issue"][0]["expression"] == ["email"]
    assert letters(home) == []


def test_nor_does_the_operator_write_to_one(home, mail):
    assert home.command("link", "--email", "a@b.example\r\nBcc: c@d.example").returncode != 0
    assert letters(home) == []


def test_a_name_that_is_more_than_a_line_is_left_out(home, mail):
    name = "The Testers\r\n\r\nPay here: https://evil.example"
    owner = f"{secrets.token_hex(6)}@tester.example"
    link = home.found(name=name, email=owner)
    home.set_password(link)
    with home.api(Person(owner)) as api:
        email = f"{secrets.token_hex(6)}@tester.example"
        body = {"name": "Bcc: x@y.example\r\n", "email": email, "roles": ["caregiver"]}
        answer = api.post(f"{home.url}/api/members", json=body)
        assert answer.status_code == 201, answer.text
    letter = arrives(home, mail, email)
    assert "evil" not in letter.as_string() and "Bcc" not in letter.as_string() and letter.recipients == [email]


# Other ways to the mail server

def test_implicit_tls_and_a_password(home, mail):
    password = "not for every ear"  # not a secret
    (home.folder / "mail-password").write_text(f"{password}\n")
    usual = home.settings["mail"]
    home.stop()
    try:
        mail.open(tls="implicit", password=password)
        home.settings["mail"] = usual | {
            "tls": "implicit", "user": "carekeep", "password_file": str(home.folder / "mail-password")}
        home.configure()
        home.start()
        email = add(home)
        arrives(home, mail, email)
        assert mail.logins[0][:2] == ("carekeep", password)
        mail.open(tls="implicit", password="another")  # not a secret
        add(home)
        # libcurl tries one way to sign in after the other, and the mail server may let it wait for the end of that.
        ends = {"waiting login_refused", "waiting timed_out"}
        assert eventually(lambda: ends & set(letters(home, "state || ' ' || coalesce(last_error, '')")), 60)
        assert password not in home.log.read_text(errors="replace")
    finally:
        home.stop()
        home.settings["mail"] = usual
        home.configure()
        home.start()

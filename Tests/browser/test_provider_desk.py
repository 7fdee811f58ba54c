"""Owners say on a page where their members sign in. (ACC-5)"""

import re
import secrets

import pytest

from code_app import second_step
from conftest import csrf_of
from installation import Person, installation
from provider import Provider
from test_providers import fly, link

OWNER = Person("ada@tester.example")
ADMIN = Person("ira@tester.example")
MEMBER = Person("bea@tester.example")


@pytest.fixture(scope="module")
def home():
    with installation("provider-desk", sign_in={"local_providers": "allowed"}) as own:
        own.configure()
        way = own.found("Sunrise Clinic", OWNER.email, profile="clinic", country="IN")
        own.start()
        own.set_password(way)
        own.organization = own.sql("records", "select organization_id from care.organization")
        with own.api(OWNER) as api:
            for person, role in ((ADMIN, "admin"), (MEMBER, "clinician")):
                body = {"name": "Somebody Tester", "email": person.email, "roles": [role]}
                answer = api.post(f"{own.url}/api/members", json=body)
                assert answer.status_code == 201, answer.text
                own.set_password(answer.json()["link"])
        yield own


@pytest.fixture
def owner(home):
    """The owner, who has shown just now who they are."""
    with home.client() as client:
        home.sign_in(client, OWNER)
        yield client


@pytest.fixture
def provider(home, owner):
    """A provider that the owner has added."""
    with Provider() as one:
        answer = add(owner, one)
        assert answer.status_code == 303 and answer.headers["location"] == "/settings/providers?done=named", answer.text
        one.id = newest(home)
        yield one
        post(owner, do="only", only="no")
        post(owner, do="end", provider=one.id)


def newest(home):
    return home.sql("records", "select id from care.provider where until is null order by since desc limit 1")


def add(owner, provider, **more):
    form = owner.get("/settings/providers/new?kind=other")
    assert form.status_code == 200, form.text
    fields = {"kind": "other", "name": "Northgate", "issuer": provider.issuer, "client": provider.client_id,
              "secret": provider.secret}
    return owner.post("/settings/providers/new", data={"csrf": csrf_of(form)} | fields | more)


def post(client, **fields):
    return client.post("/settings/providers", data={"csrf": csrf_of(client.get("/settings/providers"))} | fields)


def providers(home):
    return home.sql("records", "select count(*) from care.provider where until is null")


def test_an_owner_adds_one_and_somebody_signs_in_there(home, owner, provider):
    page = owner.get("/settings/providers?done=named").text
    assert "Northgate" in page and f"/sign-in/back/{provider.id}" in page and f"/sign-in/logout/{provider.id}" in page
    assert provider.secret not in page
    with home.client() as client:
        offered = client.get(f"/sign-in/at/{home.organization}").text
        assert "Sign in with Northgate" in offered
        provider.subject = "bea"
        assert "nobody signs in there yet" in owner.get("/settings/providers").text
        answer = link(home, client, provider, MEMBER, fly(client, provider))
        assert answer.status_code == 303 and answer.headers["location"] == "/account/providers?done=linked"
    assert "one member signs in there" in owner.get("/settings/providers").text
    with home.client() as client:
        assert fly(client, provider).status_code == 303
        assert client.get("/patients").headers["location"].startswith("/second-factor"), "the code is asked for all the same"
        second_step(home, client, MEMBER)
        assert client.get("/patients").status_code == 200


def test_what_is_wrong_is_named_and_nothing_is_kept(home, owner):
    before = providers(home)
    with Provider() as one:
        for field, value in [("issuer", "http://idp.example"), ("issuer", "https://idp.example/?x=1"), ("issuer", "javascript:alert(1)"),
                             ("name", ""), ("name", "x" * 61), ("client", ""), ("secret", ""), ("domains", "not a domain"),
                             ("roles", "doctors = owner"), ("roles", "doctors"), ("claim", "groups")]:
            more = {"claim": "groups"} if field == "roles" else {}
            answer = add(owner, one, **(more | {field: value}))
            wrong = set(re.findall(r'id="(\w+)-error"', answer.text))
            assert answer.status_code == 422, (field, value)
            assert wrong == {{"claim": "roles"}.get(field, field)}, (field, value, wrong)
            assert one.secret not in answer.text, "a secret is never shown again"
        assert one.asked == [], "nobody is asked about what is wrong anyway"
        answer = add(owner, one, claim="groups", roles="family = teen")
        assert answer.status_code == 422 and 'id="roles-error"' in answer.text, "no role of another kind of organisation"
        answer = add(owner, one, issuer=f"{one.issuer}/other")
        assert answer.status_code == 422 and "no provider of that name" in answer.text
    with Provider() as gone:
        pass
    answer = add(owner, gone)
    assert answer.status_code == 422 and "Nothing answers there" in answer.text
    apple = owner.get("/settings/providers/new?kind=apple")
    answer = owner.post("/settings/providers/new", data={
        "csrf": csrf_of(apple), "kind": "apple", "client": "a.b", "team": "short", "key": "short", "secret": "no key"})
    assert set(re.findall(r'id="(\w+)-error"', answer.text)) == {"team", "key", "secret"}
    assert owner.get("/settings/providers/new?kind=cake").status_code == 404
    assert providers(home) == before


def test_the_only_way_in(home, owner, provider):
    with home.client() as member, home.client() as again:
        home.sign_in(member, MEMBER)
        assert member.get("/patients").status_code == 200
        assert post(owner, do="only", only="yes").headers["location"] == "/settings/providers?done=only"
        assert member.get("/patients").status_code == 303, "signed out"
        form = again.get("/sign-in")
        refused = again.post("/sign-in", data={"csrf": csrf_of(form), "email": MEMBER.email, "password": MEMBER.password})
        assert refused.status_code != 303
    page = owner.get("/settings/providers")
    assert page.status_code == 200 and "Let passwords open again" in page.text, "an owner stays"
    kept = post(owner, do="end", provider=provider.id)
    assert kept.status_code == 422 and "no way in" in kept.text and newest(home) == provider.id
    assert post(owner, do="only", only="no").headers["location"] == "/settings/providers?done=both"
    with home.client() as member:
        home.sign_in(member, MEMBER)
        assert member.get("/patients").status_code == 200
    assert post(owner, do="end", provider=provider.id).headers["location"] == "/settings/providers?done=ended"
    assert post(owner, do="end", provider=provider.id).status_code == 404, "once"
    with home.client() as client:
        assert "Northgate" not in client.get(f"/sign-in/at/{home.organization}").text


def test_administrators_see_and_members_do_not(home, owner, provider):
    with home.client() as admin, home.client() as member:
        home.sign_in(admin, ADMIN)
        page = admin.get("/settings/providers")
        assert page.status_code == 200 and "Northgate" in page.text and "Add one" not in page.text
        assert admin.get("/settings/providers/new?kind=google").status_code == 404
        csrf = csrf_of(admin.get("/members"))
        assert admin.post("/settings/providers", data={"csrf": csrf, "do": "end", "provider": provider.id}).status_code == 404
        assert admin.post("/settings/providers/new", data={"csrf": csrf, "kind": "google"}).status_code == 404
        home.sign_in(member, MEMBER)
        assert member.get("/settings/providers").status_code == 404
        assert "Where people sign in" in admin.get("/members").text
    assert newest(home) == provider.id
    for unknown in ({"do": "end", "provider": secrets.token_hex(4)}, {"do": "cake"}, {"do": "only", "only": "perhaps"}):
        assert post(owner, **unknown).status_code == 404


def test_it_takes_to_show_who_one_is(home, owner, provider):
    home.sql("records", "update care.session set stepped_up_at = stepped_up_at - interval '1 hour'")
    answer = owner.get("/settings/providers/new?kind=google")
    assert answer.status_code == 303 and answer.headers["location"].startswith("/step-up"), "before anything is typed"
    for fields in ({"do": "end", "provider": provider.id}, {"do": "only", "only": "yes"}):
        answer = post(owner, **fields)
        assert answer.status_code == 303 and answer.headers["location"].startswith("/step-up")
    assert newest(home) == provider.id and home.sql("records", "select count(*) from care.sign_in_rule") == "0"
    home.sql("records", "update care.session set stepped_up_at = stepped_up_at + interval '1 hour'")


def test_the_trail_has_each_change(home, owner, provider):
    acts = home.sql("records", "select count(*) from care.entry where act = 'provider.change' and granted")
    post(owner, do="only", only="yes")
    post(owner, do="only", only="no")
    after = home.sql("records", "select count(*) from care.entry where act = 'provider.change' and granted")
    assert int(after) == int(acts) + 2

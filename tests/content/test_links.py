"""Where the links in a vendor's words end: asked by a job, kept by address, looked up when sending and publishing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import fetch, jobs
from qrmerch.clock import now
from qrmerch.content import drafts, links, publishing
from qrmerch.content.models import Revision, RevisionState
from qrmerch.errors import FormError
from qrmerch.jobs import Work
from qrmerch.parties import following_tasks
from qrmerch.parties.following import job_id, record
from qrmerch.parties.models import LinkCheck, LinkState, Retailer
from qrmerch.parties.service import add_host
from tests.conftest import NOON
from tests.factories import make_item, make_retailer, make_revision
from tests.https import HOST, Site, World, open_site

OWN, AWAY = HOST, "vendor.example"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("site"), OWN, AWAY) as opened:
        yield opened


@pytest.fixture
def outside(site: Site, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world in which links are followed."""
    site.answers.clear()
    site.asked.clear()
    world = World(site)
    world.leads(AWAY, "93.184.216.34")
    real = fetch.find_end
    monkeypatch.setattr(
        following_tasks, "find_end", lambda url, timeout_s: real(url, timeout_s=timeout_s, network=world.network())
    )
    return world


@pytest.fixture
def following(work: Work) -> Work:
    return Work(replace(work.settings, mode="production"), work.database, work.files)


def make_shop(db: Session) -> Retailer:
    retailer = make_retailer(db)
    add_host(db, retailer, OWN, is_primary=True, proven_at=NOON)
    return retailer


def draft_with(db: Session, retailer: Retailer, words: str, state: str = "draft") -> Revision:
    return make_revision(db, make_item(db, retailer), state=state, slots={"story.text": {"en": words}})


def send(db: Session, draft: Revision) -> None:
    drafts.submit(db, draft, author_id=draft.author_id or "", at=now(), follows_links=True)


def refusal(db: Session, draft: Revision) -> str:
    with pytest.raises(FormError) as refused:
        send(db, draft)
    db.commit()
    assert list(refused.value.problems) == ["story.text"]
    return refused.value.problems["story.text"]


def follow_all(work: Work) -> None:
    jobs.run_all(work)


def test_a_link_waits_until_it_was_followed_and_is_sent_then(outside: World, following: Work, db: Session) -> None:
    outside.site.serve("/care", b"wash cool")
    draft = draft_with(db, make_shop(db), f"[Care](https://{OWN}/care)")

    assert refusal(db, draft) == f"The link to https://{OWN}/care is being checked. Try again in a moment."
    db.commit()
    follow_all(following)
    db.expire_all()
    send(db, draft)

    assert draft.state == RevisionState.SUBMITTED
    assert [each["path"] for each in outside.site.asked] == ["/care"]


def test_a_link_that_is_led_on_to_somebody_else_says_where_it_ends(
    outside: World, following: Work, db: Session
) -> None:
    outside.site.redirect("/care", f"https://{AWAY}/shop")
    outside.site.serve("/shop", b"buy it here")
    draft = draft_with(db, make_shop(db), f"[Care](https://{OWN}/care)")
    refusal(db, draft)
    db.commit()

    follow_all(following)
    db.expire_all()

    assert f"https://{OWN}/care ends at {AWAY}, away from the retailer." in refusal(db, draft)
    assert draft.state == RevisionState.DRAFT


def test_a_redirect_that_comes_back_to_the_retailer_is_taken(outside: World, following: Work, db: Session) -> None:
    outside.site.redirect("/care", f"https://{AWAY}/count?to=care")
    outside.site.redirect("/count?to=care", f"https://{OWN}/care-of-wool")
    outside.site.serve("/care-of-wool", b"wash cool")
    draft = draft_with(db, make_shop(db), f"[Care](https://{OWN}/care)")
    refusal(db, draft)
    db.commit()

    follow_all(following)
    db.expire_all()
    send(db, draft)

    assert draft.state == RevisionState.SUBMITTED


@pytest.mark.parametrize(
    ("path", "said"),
    [("/gone", "answers 404 instead of a page"), ("/inside", "leads into a private network"), ("/round", "on and on")],
)
def test_a_link_that_cannot_be_opened_says_why(
    outside: World, following: Work, db: Session, path: str, said: str
) -> None:
    outside.leads("inside.example", "10.0.0.1")
    outside.site.serve("/gone", b"", status=404)
    outside.site.redirect("/inside", "https://inside.example/")
    outside.site.redirect("/round", f"https://{OWN}/round")
    draft = draft_with(db, make_shop(db), f"[Care](https://{OWN}{path})")
    refusal(db, draft)
    db.commit()

    follow_all(following)
    db.expire_all()

    assert said in refusal(db, draft)
    assert all(each == "93.184.216.34" for each in outside.connected)


def test_a_bad_link_is_asked_again_when_it_was_mended(outside: World, following: Work, db: Session) -> None:
    draft = draft_with(db, make_shop(db), f"[Care](https://{OWN}/care)")
    later = now() + timedelta(minutes=5)
    links.ask(db, draft.body["slots"], at=later - timedelta(hours=1))
    check = db.scalars(select(LinkCheck)).one()
    record(check, end="", reason="It is not there.", at=later - timedelta(hours=1))

    links.ask(db, draft.body["slots"], at=later)
    db.commit()
    outside.site.serve("/care", b"wash cool")
    following_tasks.follow_link(following, link_id=check.id)
    db.expire_all()

    assert (check.state, check.end) == (LinkState.GOOD, f"https://{OWN}/care")


def test_a_link_whose_job_was_lost_is_asked_again(db: Session) -> None:
    words = {"story.text": {"en": f"[Care](https://{OWN}/care)"}}
    links.ask(db, words, at=NOON)
    check = db.scalars(select(LinkCheck)).one()
    first = job_id(check)

    links.ask(db, words, at=NOON + timedelta(minutes=4))
    second = job_id(check)
    links.ask(db, words, at=NOON + timedelta(minutes=6))

    assert second == first
    assert job_id(check) != first


def test_nothing_is_read_of_what_is_at_the_end(outside: World, following: Work) -> None:
    outside.site.serve("/film", b"x" * 10_000_000)

    end = fetch.find_end(f"https://{OWN}/film", timeout_s=5, network=outside.network())

    assert end == f"https://{OWN}/film"


def test_what_was_known_a_day_ago_is_asked_again_at_publishing(outside: World, following: Work, db: Session) -> None:
    retailer = make_shop(db)
    approved = draft_with(db, retailer, f"[Care](https://{OWN}/care)", state="approved")
    links.ask(db, approved.body["slots"], at=now() - timedelta(days=2))
    record(db.scalars(select(LinkCheck)).one(), end=f"https://{OWN}/care", reason="", at=now() - timedelta(days=2))

    with pytest.raises(FormError, match="is being checked"):
        publishing.publish(db, approved, actor=None, at=now(), follows_links=True)
    db.commit()
    outside.site.redirect("/care", f"https://{AWAY}/")
    outside.site.serve("/", b"sold")
    follow_all(following)
    db.expire_all()
    with pytest.raises(FormError, match="ends at vendor"):
        publishing.publish(db, approved, actor=None, at=now(), follows_links=True)


def test_a_host_that_is_not_the_retailers_any_more_stops_publishing(db: Session) -> None:
    retailer = make_retailer(db)
    host = add_host(db, retailer, OWN, is_primary=True, proven_at=NOON)
    approved = draft_with(db, retailer, f"[Care](https://{OWN}/care)", state="approved")

    host.proven_at = None
    db.flush()

    with pytest.raises(FormError, match="away from the retailer"):
        publishing.publish(db, approved, actor=None, at=now())


def test_an_unproven_host_is_nobodys(db: Session) -> None:
    retailer = make_retailer(db)
    add_host(db, retailer, OWN, is_primary=True, proven_at=None)

    with pytest.raises(FormError, match="away from the retailer"):
        draft_with(db, retailer, f"[Care](https://{OWN}/care)")


def test_where_links_are_not_followed_the_named_host_counts_and_nobody_is_asked(work: Work, db: Session) -> None:
    draft = draft_with(db, make_shop(db), f"[Care](https://{OWN}/care)")

    drafts.submit(db, draft, author_id=draft.author_id or "", at=now())

    assert draft.state == RevisionState.SUBMITTED
    assert db.scalars(select(LinkCheck)).all() == []


def test_the_demo_and_who_says_so_follow_no_links(work: Work) -> None:
    production = replace(work.settings, mode="production")

    assert (work.settings.follows_links, production.follows_links) == (False, True)
    assert replace(production, check_links=False).follows_links is False


def test_what_was_found_long_ago_is_forgotten(work: Work, db: Session) -> None:
    for days, words in ((40, "[a](https://a.example/)"), (1, "[b](https://b.example/)")):
        links.ask(db, {"story.text": {"en": words}}, at=now() - timedelta(days=days))
    db.commit()

    following_tasks.forget(work)

    assert [each.url for each in db.scalars(select(LinkCheck))] == ["https://b.example/"]

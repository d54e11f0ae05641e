"""That something is back: held for a while, once, in waves, never of what no shopper may see."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.catalog.bulk import StockFigure, put_stock
from qrmerch.catalog.models import Stock
from qrmerch.catalog.service import retire_item, set_hidden, set_price
from qrmerch.content.publishing import take_down
from qrmerch.messages.models import LinkKind, SubscriptionState
from qrmerch.messages.service import WATCH_LASTS, erase, stop
from qrmerch.messages.telling import HELD_FOR, list_due_variants, tell
from qrmerch.parties.queries import find_supply
from qrmerch.parties.service import end_supply
from qrmerch.visitors.models import Contact
from tests.conftest import NOON
from tests.factories import TILL_KEYS, publish_page
from tests.messages.shop import ANN, NEWS, SENDING, Shop, link_in, mails, make_shop, say_yes, stock

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BACK = NOON + DAY
DUE = BACK + HELD_FOR


def told(db: Session, shop: Shop, *, at: object = DUE, variant: int = 0) -> int:
    """Tell those who are due, as the sweep and its job do."""
    due = list_due_variants(db, at=at)  # type: ignore[arg-type]
    if shop.variants[variant].id not in due:
        return 0
    return tell(db, shop.variants[variant].id, sending=SENDING, at=at)  # type: ignore[arg-type]


def test_who_waits_is_told_once_that_it_is_back(db: Session) -> None:
    shop = make_shop(db, locales=["en", "ar"])
    stock(db, shop, 0, at=NOON)
    made = say_yes(db, shop, shop.back())
    set_price(db, shop.variants[0], 2150, at=NOON + HOUR)
    stock(db, shop, 3, at=BACK)

    counts = [told(db, shop), told(db, shop), told(db, shop, at=DUE + 5 * DAY)]

    assert counts == [1, 0, 0]
    assert (made.state, made.fired_at, made.fired_store_id) == (SubscriptionState.FIRED, DUE, shop.riverside.id)
    mail = mails(db)[-1]
    assert mail.subject.startswith("Fashiontown: Marigold Top")
    assert "is back at Riverside." in mail.body
    assert "$21.50" in mail.body
    assert f"https://shop.example/i/{shop.top.public_id}?at={shop.riverside.public_id}&lang=en&pick=" in mail.body
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link_in(db, mail, LinkKind.STOP, at=DUE).subscription_id == made.id


def test_a_feed_that_flaps_tells_nobody(db: Session) -> None:
    shop = make_shop(db)
    made = say_yes(db, shop, shop.back())
    for minutes, pieces in ((0, 4), (14, 0), (15, 4), (29, 0), (30, 4)):
        stock(db, shop, pieces, at=BACK + minutes * MINUTE)

    counts = [told(db, shop, at=BACK + minutes * MINUTE) for minutes in (30, 44, 45)]

    assert counts == [0, 0, 1]
    assert made.fired_at == BACK + 45 * MINUTE


def test_new_figures_of_what_is_there_do_not_begin_the_wait_anew(db: Session) -> None:
    shop = make_shop(db)
    say_yes(db, shop, shop.back())
    for minutes, pieces in ((0, 4), (7, 3), (14, 5)):
        stock(db, shop, pieces, at=BACK + minutes * MINUTE)

    assert told(db, shop) == 1


def test_a_feed_of_many_says_the_same_as_one_figure(db: Session) -> None:
    shop = make_shop(db)
    limit = timedelta(hours=24)

    def put(pieces: int, minutes: int) -> object:
        at = BACK + minutes * MINUTE
        figure = StockFigure(shop.riverside.id, False, shop.variants[0].id, shop.top.id, pieces, at - 30 * MINUTE)
        put_stock(db, shop.retailer.id, [figure], limit=limit, at=at)
        db.flush()
        row = db.query(Stock).populate_existing().one()
        return row.came_at and row.came_at - BACK

    came = [put(0, 0), put(4, 10), put(3, 20), put(0, 30), put(2, 40)]

    assert came == [None, 10 * MINUTE, 10 * MINUTE, None, 40 * MINUTE]


def test_a_figure_that_is_too_old_is_none(db: Session) -> None:
    shop = make_shop(db)
    say_yes(db, shop, shop.back())
    stock(db, shop, 4, at=BACK)

    late = BACK + timedelta(hours=shop.retailer.stock_limit_hours)

    assert told(db, shop, at=late) == 0
    assert told(db, shop, at=late - MINUTE) == 1


def test_it_is_back_where_it_was_wished_for_or_anywhere(db: Session) -> None:
    shop = make_shop(db)
    here, anywhere = say_yes(db, shop, shop.back()), say_yes(db, shop, shop.back(here=False), "bob@example.com")
    stock(db, shop, 4, at=BACK, store=shop.galleria)

    assert told(db, shop) == 1
    assert (here.state, anywhere.state) == (SubscriptionState.CONFIRMED, SubscriptionState.FIRED)
    assert "is back at Galleria." in mails(db, "bob@example.com")[-1].body


def test_another_size_tells_nobody(db: Session) -> None:
    shop = make_shop(db)
    say_yes(db, shop, shop.back(0))
    stock(db, shop, 4, at=BACK, variant=1)

    assert told(db, shop) == told(db, shop, variant=1) == 0


def test_a_wave_is_at_most_five_for_each_piece_and_who_waited_longest_comes_first(db: Session) -> None:
    shop = make_shop(db)
    for number in range(13):
        say_yes(db, shop, shop.back(here=number % 2 == 0), f"a{number}@example.com", at=NOON + number * MINUTE)
    stock(db, shop, 1, at=BACK)

    first = told(db, shop)
    at_once = told(db, shop, at=DUE + HOUR)
    stock(db, shop, 1, at=DUE + 23 * HOUR)
    second = told(db, shop, at=DUE + DAY)
    stock(db, shop, 2, at=DUE + DAY + HOUR)
    more = told(db, shop, at=DUE + DAY + HOUR)

    assert (first, at_once, second, more) == (5, 0, 5, 3)
    heads = [len(mails(db, f"a{number}@example.com")) for number in range(13)]
    assert heads == [2] * 13
    firsts = {mails(db, f"a{number}@example.com")[1].created_at for number in range(5)}
    assert firsts == {DUE}


@pytest.mark.parametrize("what", ["retired", "hidden", "suspended", "taken_down", "closed"])
def test_nothing_is_sent_about_what_no_shopper_may_see(what: str, db: Session) -> None:
    shop = make_shop(db)
    publish_page(db, shop.top)
    say_yes(db, shop, shop.back())
    stock(db, shop, 4, at=BACK)
    supply = find_supply(db, shop.retailer.id, shop.top.vendor_id)
    assert supply is not None
    acts = {
        "retired": lambda: retire_item(db, shop.top, at=BACK),
        "hidden": lambda: set_hidden(db, shop.variants[0], True, at=BACK),
        "suspended": lambda: end_supply(db, supply, at=BACK),
        "taken_down": lambda: take_down(db, shop.top, reason="Recall", actor=None, at=BACK),
        "closed": lambda: setattr(shop.riverside, "is_open", False),
    }

    acts[what]()
    db.flush()

    assert told(db, shop) == 0
    assert tell(db, shop.variants[0].id, sending=SENDING, at=DUE) == 0
    assert len(mails(db)) == 1


def test_what_may_be_seen_again_is_told_then(db: Session) -> None:
    shop = make_shop(db)
    say_yes(db, shop, shop.back())
    stock(db, shop, 4, at=BACK)
    set_hidden(db, shop.variants[0], True, at=BACK)
    before = told(db, shop)
    set_hidden(db, shop.variants[0], False, at=BACK)

    assert (before, told(db, shop)) == (0, 1)


def test_who_stopped_or_was_erased_or_never_said_yes_is_told_nothing(db: Session) -> None:
    shop = make_shop(db)
    say_yes(db, shop, shop.back())
    gone = say_yes(db, shop, shop.back(), "bob@example.com")
    stop(db, link_in(db, mails(db)[0], LinkKind.STOP), everything=False, shown_text="Stop", locale="en", at=NOON)
    erase(db, db.get_one(Contact, gone.contact_id), shown_text="x", locale="en", keys=TILL_KEYS, at=NOON)
    say_yes(db, shop, NEWS, "cleo@example.com")
    stock(db, shop, 4, at=BACK)

    assert told(db, shop) == 0


def test_after_half_a_year_nobody_waits(db: Session) -> None:
    shop = make_shop(db)
    say_yes(db, shop, shop.back())
    late = NOON + WATCH_LASTS
    stock(db, shop, 4, at=late - HELD_FOR)

    assert told(db, shop, at=late) == 0
    assert told(db, shop, at=late - timedelta(seconds=1)) == 0
    stock(db, shop, 4, at=late - MINUTE)
    assert told(db, shop, at=late) == 0


def test_a_mail_speaks_the_language_it_was_asked_in(db: Session) -> None:
    shop = make_shop(db, locales=["en", "ar"])
    made = say_yes(db, shop, shop.back())
    made.locale = "ar"
    stock(db, shop, 4, at=BACK)

    told(db, shop)

    mail = mails(db)[-1]
    assert "عادت" in mail.subject
    assert "lang=ar" in mail.body
    assert ANN not in mail.body
    assert ids.is_new(made.id) and made.id not in mail.body

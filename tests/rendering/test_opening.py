"""What the page says of the store's hours and of old figures of stock, and until when it may be kept."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
import pytest
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import list_variants
from qrmerch.catalog.service import set_stock
from qrmerch.parties.models import Retailer, Store
from qrmerch.parties.service import _weekly
from qrmerch.rendering.kept import RenderedPage
from qrmerch.rendering.opening import opening_edges, word_opening
from qrmerch.rendering.service import render_item_page
from tests.conftest import NOON
from tests.factories import make_item, make_retailer, make_store, publish_page

HOUR = timedelta(hours=1)


def clock(text: str, zone: str = "America/New_York") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def store_with(hours: str) -> Store:
    return Store(time_zone="America/New_York", hours=hours, weekly=_weekly(hours))


@pytest.mark.parametrize(
    ("hours", "now", "says"),
    [
        ("Mon-Sat 10:00-21:00", "2026-11-18T12:00", "Open until 9:00\u202fPM"),
        ("Mon-Sat 10:00-21:00", "2026-11-18T08:00", "Opens at 10:00\u202fAM"),
        ("Mon-Sat 10:00-21:00", "2026-11-18T21:00", "Opens at 10:00\u202fAM tomorrow"),
        ("Mon-Sat 10:00-21:00", "2026-11-21T22:00", "Opens Monday at 10:00\u202fAM"),
        ("24/7", "2026-11-18T12:00", "Open around the clock"),
        ("Mon-Sun closed", "2026-11-18T12:00", ""),
        ("by appointment", "2026-11-18T12:00", ""),
        ("", "2026-11-18T12:00", ""),
    ],
)
def test_the_page_says_whether_the_store_is_open(hours: str, now: str, says: str) -> None:
    assert word_opening(store_with(hours), "en", clock(now)) == says


def test_the_words_are_those_of_the_language() -> None:
    store = store_with("Mon-Sat 10:00-21:00")

    assert word_opening(store, "ar", clock("2026-11-21T22:00")).startswith("يفتح يوم الاثنين الساعة")


def test_every_change_of_the_words_is_an_edge() -> None:
    store = store_with("Mon-Fri 09:00-12:00, 13:00-18:00; Sat 18:00-02:00")
    at, end = clock("2026-10-29T00:00"), clock("2026-11-06T00:00")
    said = word_opening(store, "en", at)

    while at < end:
        edge = min(opening_edges(store, at))
        # Between two edges every minute says the same.
        minutes = int((edge - at).total_seconds() // 60)
        assert {word_opening(store, "en", at + timedelta(minutes=n)) for n in range(minutes)} == {said}
        at, said = edge, word_opening(store, "en", edge)


class Aisle:
    """An item on a published page, of which a store counted some at noon."""

    def __init__(self, db: Session) -> None:
        self.db = db
        self.retailer: Retailer = make_retailer(db, locales=["en", "ar"])
        self.store = make_store(db, self.retailer, short_name="Riverside")
        self.other = make_store(db, self.retailer, short_name="Galleria")
        self.item: Item = make_item(db, self.retailer)
        publish_page(db, self.item)
        self.count(self.store, NOON, 5, 0)

    def count(self, store: Store, as_of: datetime, *pieces: int) -> None:
        for variant, count in zip(list_variants(self.db, self.item.id), pieces, strict=True):
            set_stock(self.db, variant, store, count, as_of=as_of)

    def page(self, at: datetime, *, locale: str = "en") -> RenderedPage:
        return render_item_page(
            self.db, item_id=self.item.id, store_id=self.store.id, locale=locale, at=at, base_url="https://shop.example"
        )


def facts_of(page: RenderedPage) -> dict[str, dict[str, str]]:
    text = page.html.decode().partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    found: dict[str, dict[str, str]] = orjson.loads(text)
    return found


def test_a_figure_older_than_its_limit_is_never_in_stock(db: Session) -> None:
    aisle = Aisle(db)

    fresh, old = aisle.page(NOON + 24 * HOUR - timedelta(seconds=1)), aisle.page(NOON + 24 * HOUR)

    assert "In stock here, at Riverside" in fresh.html.decode()
    assert facts_of(fresh)["offers"]["availability"] == "https://schema.org/InStoreOnly"
    text = old.html.decode()
    assert "Ask us if it is here, at Riverside" in text
    assert "in stock" not in text.lower().replace("ask us", "")
    assert ">ask us</small>" in text
    # Neither is it said to be gone.
    assert 'class="gone"' not in text
    assert "availability" not in facts_of(old)["offers"]
    assert "اسألنا إن كان متوفرًا هنا، في Riverside" in aisle.page(NOON + 24 * HOUR, locale="ar").html.decode()


def test_a_page_is_kept_until_its_first_figure_is_too_old(db: Session) -> None:
    aisle = Aisle(db)
    aisle.count(aisle.other, NOON + HOUR, 1, 1)

    assert aisle.page(NOON + 2 * HOUR).until == NOON + 24 * HOUR
    assert aisle.page(NOON + 24 * HOUR).until == NOON + 25 * HOUR


def test_the_limit_is_the_retailers(db: Session) -> None:
    aisle = Aisle(db)
    aisle.retailer.stock_limit_hours = 2

    assert "In stock here" in aisle.page(NOON + HOUR).html.decode()
    assert "Ask us if it is here" in aisle.page(NOON + 2 * HOUR).html.decode()


def test_another_stores_fresh_figure_is_told_beside_an_old_one(db: Session) -> None:
    aisle = Aisle(db)
    aisle.count(aisle.other, NOON + 20 * HOUR, 9, 9)

    assert "Ask us if it is here. In stock at Galleria" in aisle.page(NOON + 30 * HOUR).html.decode()


def test_a_page_with_hours_is_kept_until_the_store_opens_or_closes(db: Session) -> None:
    aisle = Aisle(db)
    aisle.store.hours = "Mon-Sat 10:00-21:00"
    aisle.store.weekly = _weekly(aisle.store.hours)
    aisle.store.region, aisle.store.postcode = "NY", "10001"

    page = aisle.page(NOON)

    assert "<br>Riverside, NY 10001<br>Open until 9:00" in page.html.decode()
    assert page.until == clock("2026-11-18T21:00")

"""What shoppers say of an item, in words of the page's language."""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.i18n import counter, format_number, translator
from qrmerch.parties.models import Store
from qrmerch.rendering.pages import ReviewCard, ReviewSection, StarCount, Translate
from qrmerch.reviews.models import Review
from qrmerch.reviews.queries import ReviewSummary, list_shown, pick_reviews, summarise_reviews

# So many stand on the item's own page.
SHOWN: Final = 3
# So much of one, and of the answer under it, stands there: the first view of a page has no room for the longest.
_MOST_CHARS: Final = 300


def load_reviews(db: Session, item: Item, locale: str, *, more: str) -> ReviewSection:
    """The few reviews that stand on an item's page, long ones by their beginning, with the sums of all.

    :param more: the address of the page with all of them, whole.
    """
    summary = summarise_reviews(db, item.id)
    chosen = pick_reviews(db, item.id, limit=SHOWN) if summary.count else ()
    t = translator(locale)
    section = _section(db, summary, chosen, locale)
    short = tuple(replace(each, text=_begin(each.text), reply=_begin(each.reply)) for each in section.reviews)
    if summary.count > len(chosen):
        words = t("All {count} reviews").format(count=format_number(summary.count, locale))
    else:
        words = t("Read on") if short != section.reviews else ""
    return replace(section, reviews=short, more=more if words else "", more_words=words)


def _begin(text: str) -> str:
    """The beginning of a long text, up to a word's end where words have spaces between them."""
    if len(text) <= _MOST_CHARS:
        return text
    start = text[:_MOST_CHARS]
    words = start.rsplit(None, 1)[0]
    return f"{words if len(words) > _MOST_CHARS // 2 else start} …"


def load_review_page(db: Session, item: Item, locale: str, *, page: int, per_page: int) -> tuple[ReviewSection, int]:
    """One page of all reviews of an item, newest first, with the sums of all; and which page it is.

    :param page: the last one stands for any behind it.
    """
    summary = summarise_reviews(db, item.id)
    page = min(page, max(1, ceil(summary.count / per_page)))
    return _section(db, summary, list_shown(db, item.id, page=page, per_page=per_page), locale), page


def _section(db: Session, summary: ReviewSummary, reviews: Sequence[Review], locale: str) -> ReviewSection:
    t = translator(locale)
    average = summary.average
    count = _word_count(summary.count, locale, t)
    return ReviewSection(
        average=format_number(round(average, 1), locale) if average is not None else None,
        count=summary.count,
        count_words=t("of 5, {reviews}").format(reviews=count) if average is not None else count,
        stars=tuple(StarCount(stars, summary.counts[stars - 1]) for stars in range(5, 0, -1)),
        reviews=_cards(db, reviews, t),
    )


def _word_count(count: int, locale: str, t: Translate) -> str:
    if not count:
        return t("No reviews yet")
    return counter(locale)(count, "1 review", "{count} reviews").format(count=format_number(count, locale))


def _cards(db: Session, reviews: Sequence[Review], t: Translate) -> tuple[ReviewCard, ...]:
    bought = {each.bought_store_id for each in reviews if each.bought_store_id}
    found = db.scalars(select(Store).where(Store.id.in_(bought))) if bought else ()
    names = {store.id: store.short_name for store in found}
    return tuple(_card(each, names.get(each.bought_store_id or "", ""), t) for each in reviews)


def _card(review: Review, store: str, t: Translate) -> ReviewCard:
    is_answered = bool(review.reply) and review.is_reply_shown
    return ReviewCard(
        stars=review.stars,
        title=review.title,
        text=review.text,
        by=review.alias or t("A shopper"),
        locale=review.locale,
        bought=t("Bought at {store}").format(store=store) if store else "",
        reply=review.reply if is_answered else "",
        reply_by=review.reply_by if is_answered else "",
    )


def word_score(reviews: ReviewSection, locale: str) -> str:
    """The reviews in the line above the name; empty where there are none."""
    if not reviews.count:
        return ""
    if reviews.average is None:
        return reviews.count_words
    return translator(locale)("{average} {rest}").format(average=reviews.average, rest=reviews.count_words)

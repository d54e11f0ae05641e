"""What shoppers say of an item, in words of the page's language."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.i18n import format_number, translator
from qrmerch.parties.models import Store
from qrmerch.rendering.pages import ReviewCard, ReviewSection, StarCount, Translate
from qrmerch.reviews.models import Review
from qrmerch.reviews.queries import ReviewSummary, list_shown, pick_reviews, summarise_reviews

# So many stand on the item's own page.
SHOWN: Final = 3


def load_reviews(db: Session, item: Item, locale: str, *, more: str) -> ReviewSection:
    """The few reviews that stand on an item's page, with the sums of all.

    :param more: the address of the page with all of them.
    """
    summary = summarise_reviews(db, item.id)
    chosen = pick_reviews(db, item.id, limit=SHOWN) if summary.count else ()
    t = translator(locale)
    rest = summary.count > len(chosen)
    words = t("All {count} reviews").format(count=format_number(summary.count, locale)) if rest else ""
    return _section(db, summary, chosen, locale, more=more if rest else "", more_words=words)


def load_review_page(db: Session, item: Item, locale: str, *, page: int, per_page: int) -> ReviewSection:
    """One page of all reviews of an item, newest first, with the sums of all."""
    summary = summarise_reviews(db, item.id)
    return _section(db, summary, list_shown(db, item.id, page=page, per_page=per_page), locale)


def _section(
    db: Session, summary: ReviewSummary, reviews: Sequence[Review], locale: str, *, more: str = "", more_words: str = ""
) -> ReviewSection:
    t = translator(locale)
    average = summary.average
    count = _word_count(summary.count, locale, t)
    return ReviewSection(
        average=format_number(round(average, 1), locale) if average is not None else None,
        count=summary.count,
        count_words=t("of 5, {reviews}").format(reviews=count) if average is not None else count,
        stars=tuple(StarCount(stars, summary.counts[stars - 1]) for stars in range(5, 0, -1)),
        reviews=_cards(db, reviews, t),
        more=more,
        more_words=more_words,
    )


def _word_count(count: int, locale: str, t: Translate) -> str:
    if not count:
        return t("No reviews yet")
    return t("1 review") if count == 1 else t("{count} reviews").format(count=format_number(count, locale))


def _cards(db: Session, reviews: Sequence[Review], t: Translate) -> tuple[ReviewCard, ...]:
    bought = {each.bought_store_id for each in reviews if each.bought_store_id}
    found = db.scalars(select(Store).where(Store.id.in_(bought))) if bought else ()
    names = {store.id: store.short_name for store in found}
    return tuple(_card(each, names.get(each.bought_store_id or "", ""), t) for each in reviews)


def _card(review: Review, store: str, t: Translate) -> ReviewCard:
    name = review.alias or t("A shopper")
    is_answered = bool(review.reply) and review.is_reply_shown
    return ReviewCard(
        stars=review.stars,
        title=review.title,
        text=review.text,
        by=t("{name}, bought at {store}").format(name=name, store=store) if store else name,
        locale=review.locale,
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

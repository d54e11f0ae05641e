"""Help, and what a scan records: the two pages that are printed on tags."""

from flask import Blueprint, Response, request

from qrmerch.access import allow_anyone
from qrmerch.clock import now
from qrmerch.i18n import translator
from qrmerch.landing.pages import HelpPage, PrivacyPage
from qrmerch.landing.shopper import choose_locale, load_host_house, respond
from qrmerch.landing.typed import group_token
from qrmerch.parties.models import Measurement
from qrmerch.parties.queries import get_retailer
from qrmerch.rendering.frame import build_frame, errand_languages
from qrmerch.rendering.pages import Fact, Translate
from qrmerch.web import get_db, services

blueprint = Blueprint("landing_errands", __name__)


@blueprint.get("/help")
@allow_anyone
def show_help() -> Response:
    """How it works, and a field for a code that will not scan."""
    house = load_host_house(get_db(), at=now())
    locale = choose_locale(house)
    t = translator(locale)
    frame, block = build_frame(
        house, locale=locale, title=t("Help"), languages=errand_languages(house, locale, "/help"), is_indexed=True
    )
    page = HelpPage(t, frame, code=group_token(request.args.get("code", "")), of=house.slug)
    return respond("landing/help.html", page, block)


@blueprint.get("/privacy")
@allow_anyone
def show_privacy() -> Response:
    """What a scan records at this retailer, for how long, and whom to ask."""
    db = get_db()
    house = load_host_house(db, at=now())
    locale = choose_locale(house)
    t = translator(locale)
    # Where no retailer is meant the page says the most that any of them may record.
    mode = get_retailer(db, house.retailer_id).measurement if house.retailer_id else Measurement.VISITS
    frame, block = build_frame(
        house,
        locale=locale,
        title=t("What a scan records"),
        languages=errand_languages(house, locale, "/privacy"),
        is_indexed=True,
    )
    recorded = _word_recorded(t, has_visits=mode != Measurement.COUNTS, days=services().settings.scan_retention_days)
    return respond("landing/privacy.html", PrivacyPage(t, frame, recorded, contact=frame.legal), block)


def _word_recorded(t: Translate, *, has_visits: bool, days: int) -> tuple[Fact, ...]:
    """What is recorded and what is not, in the order a person asks."""
    rows = [
        (t("Which item, in which place"), t("Yes. As totals, for ever")),
        (t("When"), t("Yes, for {days} days. After that only totals by day and hour").format(days=days)),
        (t("The kind of phone"), t("Yes: “phone, Safari”. Not its make, not its number")),
        (t("Whether it came through the store’s own Wi-Fi"), t("Yes or no")),
        (t("Which looks belong to one visit"), _visit_words(t, has_visits)),
        (t("Your address on the network"), _address_words(t, has_visits)),
        (t("Who you are"), t("No")),
        (t("A cookie"), t("Only when you keep an item or take a code, so that both can be found again")),
        (t("What you keep and take"), t("Until you say “Forget this phone”")),
        (t("A review or an answer"), t("The words, and the name you choose. Not who wrote or tapped it")),
    ]
    return tuple(Fact(name, value) for name, value in rows)


def _visit_words(t: Translate, has_visits: bool) -> str:
    if not has_visits:
        return t("No")
    return t("By a random number that ends after 30 minutes without a look, and is not stored on your phone")


def _address_words(t: Translate, has_visits: bool) -> str:
    if not has_visits:
        return t("No")
    return t("No. For an hour it helps to tell a second scan by the same phone; then the key to that is thrown away")

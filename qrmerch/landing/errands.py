"""Help, and what a scan records: the two pages that are printed on tags."""

from flask import Blueprint, Response, request

from qrmerch.access import allow_anyone
from qrmerch.clock import now
from qrmerch.i18n import counter, format_number, translator
from qrmerch.landing.agreeing import drop_cookies, find_agreement, forget_phones, list_known_phones
from qrmerch.landing.pages import HelpPage, PrivacyPage
from qrmerch.landing.shopper import COOKIE_LASTS, choose_locale, load_host_house, respond
from qrmerch.landing.typed import group_token
from qrmerch.parties.models import Measurement
from qrmerch.parties.queries import get_retailer
from qrmerch.rendering.frame import build_frame, errand_languages
from qrmerch.rendering.pages import Fact, Translate
from qrmerch.web import get_db, redirect_to, services

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
    recorded = _word_recorded(locale, mode=mode, days=services().settings.scan_retention_days)
    page = PrivacyPage(
        t,
        frame,
        recorded,
        contact=frame.legal,
        objection=house.address("/my/objection", locale),
        has_objected=_cookie_name() in request.cookies,
        agreement=find_agreement(db, house, locale, back="privacy"),
    )
    return respond("landing/privacy.html", page, block)


@blueprint.post("/my/objection")
@allow_anyone
def object_to_counting() -> Response:
    """Not to be told apart any more, or again: a cookie that says so and nothing else."""
    db, at = get_db(), now()
    house = load_host_house(db, at=at)
    locale = choose_locale(house)
    response = redirect_to(house.address("/privacy", locale))
    if request.form.get("count") == "yes":
        response.delete_cookie(_cookie_name(), secure=request.is_secure, httponly=True, samesite="Lax", path="/")
        return response
    phones, words = list_known_phones(db), translator(locale)("Do not tell this phone apart")
    forget_phones(db, phones, words=words, locale=locale, at=at)
    db.commit()
    drop_cookies(response, [each.retailer_id for each in phones])
    response.set_cookie(
        _cookie_name(), "1", max_age=COOKIE_LASTS, secure=request.is_secure, httponly=True, samesite="Lax", path="/"
    )
    return response


def _cookie_name() -> str:
    return "__Host-qo" if request.is_secure else "qo"


def _word_recorded(locale: str, *, mode: Measurement, days: int) -> tuple[Fact, ...]:
    """What is recorded and what is not, in the order a person asks."""
    t, has_visits = translator(locale), mode != Measurement.COUNTS
    kept = counter(locale)(
        days,
        "Yes, for one day. After that only totals by day and hour",
        "Yes, for {days} days. After that only totals by day and hour",
    )
    rows = [
        (t("Which item, in which place"), t("Yes. As totals, for ever")),
        (t("When"), kept.format(days=format_number(days, locale))),
        (t("The kind of phone"), t("Yes: “phone, Safari”. Not its make, not its number")),
        (t("Whether it came through the store’s own Wi-Fi"), t("Yes or no")),
        (t("Which looks belong to one visit"), _visit_words(t, has_visits)),
        (t("Your address on the network"), _address_words(t, has_visits)),
        (t("How many phones a store saw on a day"), _estimate_words(t, mode == Measurement.ESTIMATE)),
        (t("Whether a phone comes back"), _return_words(t, mode == Measurement.CONSENTED)),
        (t("Who you are"), t("No")),
        (t("A cookie"), _cookie_words(t, mode == Measurement.CONSENTED)),
        (
            t("An e-mail address"),
            t("Only one that you leave, until you stop it; one that nobody confirms for 7 days"),
        ),
        (t("What you keep and take"), t("Until you say “Forget this phone”")),
        (t("A call for somebody who works here"), t("Which item, and where in the store, for 30 days. Not who called")),
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


def _return_words(t: Translate, is_consented: bool) -> str:
    if not is_consented:
        return t("No")
    return t("Only of one whose owner says yes below: on which days, in which store, for 122 days; totals for ever")


def _cookie_words(t: Translate, is_consented: bool) -> str:
    if not is_consented:
        return t("Only when you keep an item, take a code or ask not to be told apart, so that it holds")
    return t("Only when you keep an item, take a code, ask not to be told apart, or say yes to being recognised")


def _estimate_words(t: Translate, is_estimated: bool) -> str:
    if not is_estimated:
        return t("No")
    return t("At least so many: by a mark made of network and kind of phone, whose key is thrown away within two days")

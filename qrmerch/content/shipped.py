"""The three finished page templates a retailer may begin with: everyday, editorial, quiet.

A section is {"key", "kind", "label", "slots"}, where wanted with "title", what shoppers read above it (by locale, or
empty for nothing), and "note", what stands in a section without slots. `kind` is one of `content.library`'s. A slot is
{"key", "kind", "lock", "label", "help", "is_required", …}; see `content.slots` for the rest.
"""

from typing import Final

from qrmerch.content.library import LIBRARY, Json
from qrmerch.content.models import Style

# As wide as a phone's screen, and twice that for pictures that stand edge to edge.
_PHONE_PX: Final = 390
_LARGE_PX: Final = 780

_FIT: Final = {
    "runs_small": {
        "en": "Runs small",
        "ar": "أصغر من المعتاد",
        "de": "Fällt klein aus",
        "fr": "Taille petit",
        "es": "Talla pequeña",
    },
    "true_to_size": {
        "en": "True to size",
        "ar": "مطابق للمقاس",
        "de": "Fällt normal aus",
        "fr": "Taille normalement",
        "es": "Talla normal",
    },
    "runs_large": {
        "en": "Runs large",
        "ar": "أكبر من المعتاد",
        "de": "Fällt groß aus",
        "fr": "Taille grand",
        "es": "Talla grande",
    },
}
_FIT_TITLE: Final = {"en": "Fit", "ar": "القَصّة", "de": "Passform", "fr": "Coupe", "es": "Ajuste"}
_MAKING: Final = {
    "one_of_a_kind": {
        "en": "One of a kind",
        "ar": "قطعة فريدة",
        "de": "Einzelstück",
        "fr": "Pièce unique",
        "es": "Pieza única",
    },
    "limited_edition": {
        "en": "Limited edition",
        "ar": "إصدار محدود",
        "de": "Limitierte Auflage",
        "fr": "Édition limitée",
        "es": "Edición limitada",
    },
    "made_to_order": {
        "en": "Made to order",
        "ar": "يُصنع عند الطلب",
        "de": "Auf Bestellung gefertigt",
        "fr": "Fait sur commande",
        "es": "Hecho por encargo",
    },
}
_MAKING_TITLE: Final = {"en": "Edition", "ar": "الإصدار", "de": "Auflage", "fr": "Édition", "es": "Edición"}
_SPECIFICATION_TITLE: Final = {
    "en": "Specification",
    "ar": "المواصفات",
    "de": "Technische Daten",
    "fr": "Caractéristiques",
    "es": "Especificaciones",
}
_HOW_TITLE: Final = {
    "en": "How it is made",
    "ar": "كيف صُنعت",
    "de": "Wie es gemacht ist",
    "fr": "Comment c’est fait",
    "es": "Cómo está hecho",
}


def sections_of(style: Style) -> list[Json]:
    """The sections of a finished template, in the order shoppers meet them; a new list at each call."""
    return {Style.EVERYDAY: _everyday, Style.EDITORIAL: _editorial, Style.QUIET: _quiet}[Style(style)]()


def _everyday() -> list[Json]:
    return [
        _gallery(max_count=6, min_px=_PHONE_PX),
        *_head(),
        _story(lede_chars=80, text_chars=600, text_is_required=False),
        _film(),
        _bare("look", "Complete the look", "Items that you put together as a look."),
        _facts(_choice("fit", "Fit", _FIT, _FIT_TITLE, "How it runs, as your own returns tell it.")),
        _ready("size_guide"),
        _care(),
        _ready("downloads"),
        _delivery(),
        _bare("store", "This store", "Address and hours of the store the shopper stands in, and who else has it."),
        _legal(),
        _ready("reviews"),
        _ready("feedback"),
        _ready("signup"),
        _ready("staff"),
    ]


def _editorial() -> list[Json]:
    return [
        _gallery(max_count=8, min_px=_LARGE_PX),
        *_head(),
        _story(lede_chars=90, text_chars=1200, text_is_required=True),
        _film(),
        _plate("plate_one", "First large picture"),
        {
            "key": "making",
            "kind": "words",
            "label": "How it is made",
            "title": _HOW_TITLE,
            "slots": [
                _text("text", "rich_text", "How it is made", "Hands, place, material: what cannot be seen.", 800),
            ],
        },
        _sound(),
        _plate("plate_two", "Second large picture"),
        _bare("look", "Complete the look", "Items that you put together as a look."),
        {**_facts(), "title": _SPECIFICATION_TITLE},
        _ready("passport"),
        _care(),
        _delivery(),
        _bare("store", "This store", "Address and hours of the store the shopper stands in, and who else has it."),
        _legal(),
        _ready("reviews"),
        _ready("feedback"),
        _ready("staff"),
    ]


def _quiet() -> list[Json]:
    return [
        _gallery(max_count=4, min_px=_LARGE_PX),
        *_head(),
        _story(lede_chars=140, text_chars=500, text_is_required=False),
        _bare("invitation", "Invitation", "An experience that you offer, as an invitation; nothing where none runs."),
        _facts(_choice("edition", "Edition", _MAKING, _MAKING_TITLE, "How many there are.")),
        _ready("passport"),
        _care(),
        _bare("store", "This store", "Address and hours of the store the shopper stands in, and who else has it."),
        _ready("contact"),
        _legal(),
        _ready("staff"),
    ]


def _head() -> list[Json]:
    """What every page says first, and no vendor writes."""
    return [
        _bare("headline", "Name", "The item’s name, as you call it, and who makes it."),
        _bare("price", "Price", "Your price; a struck one only where it was the lowest of the 30 days before."),
        _bare("stock", "Stock", "In stock, few or none, in the store the shopper stands in."),
        _bare("variants", "Sizes and colours", "The variants that are not hidden, each with its stock."),
        _bare("offer", "Offer", "The offer that runs for the item; nothing where none does."),
    ]


def _ready(kind: str) -> Json:
    """A section as the library begins it, called by its kind."""
    return LIBRARY[kind].begin(kind)


def _bare(kind: str, label: str, note: str) -> Json:
    return {"key": kind, "kind": kind, "label": label, "note": note, "slots": []}


def _gallery(*, max_count: int, min_px: int) -> Json:
    slot = {
        "key": "pictures",
        "kind": "pictures",
        "lock": "edit",
        "label": "Pictures",
        "help": "The first one is what a shopper sees before anything else.",
        "is_required": True,
        "min_count": 1,
        "max_count": max_count,
        "min_width": min_px,
        "min_height": min_px,
    }
    return {"key": "gallery", "kind": "gallery", "label": "Pictures", "slots": [slot]}


def _plate(key: str, label: str) -> Json:
    picture = {
        "key": "picture",
        "kind": "pictures",
        "lock": "edit",
        "label": label,
        "help": "Stands edge to edge, after the words.",
        "is_required": False,
        "min_count": 0,
        "max_count": 1,
        "min_width": _LARGE_PX,
        "min_height": _PHONE_PX,
    }
    words = _text("words", "line", f"Words under the {label.lower()}", "What it shows that the eye may miss.", 120)
    return {"key": key, "kind": "plates", "label": label, "title": "", "slots": [picture, words]}


def _film() -> Json:
    return {
        "key": "film",
        "kind": "film",
        "label": "Film",
        "title": "",
        "slots": [
            _recording("video", "video", "Film", "How it moves, fits or is used. It plays when a shopper asks.", 180),
            _text("words", "line", "Words above the film", "What it shows, in a few words.", 60),
        ],
    }


def _sound() -> Json:
    return {
        "key": "sound",
        "kind": "sound",
        "label": "Sound",
        "title": "",
        "slots": [
            _recording("audio", "audio", "Sound", "Its maker’s own voice, or how it sounds.", 300),
            _text("words", "line", "Words above the sound", "Who speaks, or what is heard.", 60),
        ],
    }


def _recording(key: str, kind: str, label: str, help: str, max_seconds: int) -> Json:
    return {
        "key": key,
        "kind": kind,
        "lock": "edit",
        "label": label,
        "help": help,
        "is_required": False,
        "max_count": 1,
        "max_seconds": max_seconds,
    }


def _story(*, lede_chars: int, text_chars: int, text_is_required: bool) -> Json:
    return {
        "key": "story",
        "kind": "story",
        "label": "Story",
        "slots": [
            _text("lede", "line", "One line", "Why someone in the aisle would pick it up.", lede_chars, True),
            _text(
                "text",
                "rich_text",
                "Story",
                "Leave about a third free: other languages run longer.",
                text_chars,
                text_is_required,
            ),
        ],
    }


def _facts(*choices: Json) -> Json:
    rows = {
        "key": "rows",
        "kind": "facts",
        "lock": "edit",
        "label": "More facts",
        "help": "Besides those of your catalogue. A row of the same name takes the place of the catalogue’s.",
        "is_required": False,
        "max_count": 12,
        "max_chars": 120,
    }
    return {"key": "facts", "kind": "facts", "label": "Facts", "slots": [rows, *choices]}


def _care() -> Json:
    slot = _text("text", "rich_text", "Care", "How to wash, oil or store it.", 400)
    return {"key": "care", "kind": "care", "label": "Care", "slots": [slot]}


def _delivery() -> Json:
    slot = _fixed("text", "rich_text", "Delivery and returns", "What you promise on every page.", 600)
    return {"key": "delivery", "kind": "delivery", "label": "Delivery and returns", "slots": [slot]}


def _legal() -> Json:
    slot = _fixed("text", "text", "Small print", "What the law or your lawyers want said on every page.", 600)
    return {"key": "legal", "kind": "legal", "label": "Small print", "slots": [slot]}


def _text(key: str, kind: str, label: str, help: str, max_chars: int, is_required: bool = False) -> Json:
    return {
        "key": key,
        "kind": kind,
        "lock": "edit",
        "label": label,
        "help": help,
        "is_required": is_required,
        "max_chars": max_chars,
    }


def _fixed(key: str, kind: str, label: str, help: str, max_chars: int) -> Json:
    return {**_text(key, kind, label, help, max_chars), "lock": "fixed"}


def _choice(key: str, label: str, options: dict[str, dict[str, str]], title: dict[str, str], help: str) -> Json:
    return {
        "key": key,
        "kind": "choice",
        "lock": "choose",
        "label": label,
        "title": title,
        "help": help,
        "is_required": False,
        "options": [{"value": value, "label": words} for value, words in options.items()],
    }

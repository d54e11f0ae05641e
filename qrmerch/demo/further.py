"""What some pages of the sample shops say besides: sizes, where a thing comes from, what associates are told."""

from collections.abc import Mapping
from typing import Any, Final

_TOP: Final = {
    "size_guide.table": {
        "en": [
            ["Size", "Chest, cm", "Length, cm"],
            ["XS", "84", "50"],
            ["S", "90", "51"],
            ["M", "96", "52"],
            ["L", "104", "53"],
            ["XL", "112", "54"],
        ]
    },
    "size_guide.words": {"en": "Measured flat, under the arms. Between two sizes, take the smaller: the knit gives."},
    "staff.selling": {
        "en": "The yellow holds in daylight: walk to the door with it.\n"
        "Sits right over high waists, so show it with the capri.\nOpen knit: a white tee under it is a second look."
    },
    "staff.fit": {"en": "Runs true. Short on long bodies: bring one size up before they ask."},
    "staff.ask": {"en": "Is it for jeans you have on, or for something at home?"},
}
_SANDAL: Final = {
    "size_guide.table": {
        "en": [["EU", "US", "Foot, cm"], ["36", "5", "22.9"], ["37", "6", "23.5"], ["38", "7", "24.1"]],
    },
    "size_guide.words": {"en": "Stand on paper, heel at the wall, and measure to the longest toe."},
    "staff.selling": {"en": "The straps are sewn through the sole, not glued.\nThe buckle opens with one hand."},
    "staff.ask": {"en": "How far do you walk in them?"},
}
_SHOE: Final = {
    "passport.rows": [
        {"name": {"en": "Upper"}, "value": {"en": "71% recycled polyester, knitted in one piece"}},
        {"name": {"en": "Assembled in"}, "value": {"en": "Ho Chi Minh City, Viet Nam"}},
        {"name": {"en": "Repair"}, "value": {"en": "Insoles and laces are sold singly for five years"}},
        {"name": {"en": "At the end"}, "value": {"en": "Bring them back: we take any pair of ours"}},
    ],
    "staff.selling": {"en": "New foam: 18 g lighter than the 3.\nThe heel is cut for late strikers."},
    "staff.fit": {"en": "Half a size up for most. Wide feet: the 2E is in the stock room."},
    "staff.ask": {"en": "How many kilometres a week, and on what?"},
}
_WATCH: Final = {
    "passport.rows": [
        {"name": {"en": "Case"}, "value": {"en": "Recycled gold, cast in Bienne"}},
        {"name": {"en": "Service"}, "value": {"en": "Every six years; parts are kept for thirty"}},
    ],
    "staff.selling": {"en": "Wound by hand, once in four days.\nThe back opens: let them look."},
    "staff.ask": {"en": "Who is it for, and what do they wear now?"},
}
_THROW: Final = {
    "size_guide.table": {
        "ar": [["القياس", "العرض، سم", "الطول، سم"], ["كرسي", "80", "130"], ["أريكة", "130", "180"]],
        "en": [["Size", "Width, cm", "Length, cm"], ["Chair", "80", "130"], ["Sofa", "130", "180"]],
    },
    "size_guide.words": {"ar": "الأهداب غير محسوبة.", "en": "Without the fringe."},
    "staff.selling": {
        "ar": "كل قطعة تحمل ختم ناسجتها في الطرف.\nاقلبوها: الوجهان سواء.",
        "en": "Each carries its weaver’s mark at the hem.\nTurn it over: both sides are the same.",
    },
    "staff.ask": {"ar": "أين ستُفرش؟", "en": "Where will it lie?"},
}

# By style, values of slots that its template has.
SLOTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "FT-TOP-01": _TOP,
    "FT-SAN-01": _SANDAL,
    "FT-RUN-01": _SHOE,
    "CV-WAT-04": _WATCH,
    "SD-THR-01": _THROW,
}

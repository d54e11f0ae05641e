"""What an editor's form says: which draft it belongs to, and which of its rows it means."""

import pytest
from werkzeug.datastructures import MultiDict

from qrmerch.content.forms import read_draft_form
from qrmerch.content.merging import merge
from qrmerch.content.slots import Kind, Lock, Slot
from qrmerch.errors import FormError


def test_a_form_says_which_draft_it_belongs_to() -> None:
    form = read_draft_form(MultiDict({"number": "3", "edit": "0012"}))

    assert (form.number, form.edit) == (3, 12)


@pytest.mark.parametrize(
    "number",
    ["", "-1", "x", str(2**31), "0" * 10 + "1" + "0" * 12, "0" * 11 + "9" * 5000],
    ids=lambda each: each[:20],
)
def test_a_number_that_no_draft_has_is_refused(number: str) -> None:
    with pytest.raises(FormError, match="does not say which draft"):
        read_draft_form(MultiDict({"number": number, "edit": "1"}))


@pytest.mark.parametrize("place", ["1", "000000" + "9" * 5000, "0000007", "x", ""], ids=lambda each: each[:8])
def test_a_row_that_was_never_kept_is_a_new_one(place: str) -> None:
    sent = {"number": "1", "edit": "1", "locale": "en", "top.facts.name": "Wool", "top.facts.value": "100 %"}
    form = read_draft_form(MultiDict({**sent, "top.facts.row": place}))
    kept = {"top.facts": [{"name": {"ar": "قطن"}, "value": {"ar": "١٠٠"}}]}

    facts = Slot("top.facts", "top", Kind.FACTS, Lock.EDIT, "Facts")

    merged = merge({"top.facts": facts}, kept, form, first="en")

    assert merged["top.facts"] == [{"name": {"en": "Wool"}, "value": {"en": "100 %"}, "place": ""}]

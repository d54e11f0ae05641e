"""Mail addresses: one way of writing each, nothing that is none, and what several have in common."""

import pytest

from qrmerch.visitors.addresses import address_hash, address_hashes, clean_address, mailbox, mask


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ann@example.com", "ann@example.com"),
        ("  Ann.Lee@EXAMPLE.com \n", "ann.lee@example.com"),
        ("o'hara+news@mail.example.co.uk", "o'hara+news@mail.example.co.uk"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@例え.テスト", "ann@xn--r8jz45g.xn--zckzah"),
        ("a@b.co", "a@b.co"),
        (f"{'a' * 64}@example.com", f"{'a' * 64}@example.com"),
    ],
)
def test_an_address_is_kept_one_way(typed: str, kept: str) -> None:
    assert clean_address(typed) == kept
    assert clean_address(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        *("", "@", "ann", "ann@", "@example.com", "ann@example", "ann@localhost", "ann@127.0.0.1", "ann@[127.0.0.1]"),
        *("a@b@example.com", "ann lee@example.com", '"ann lee"@example.com', "ann@exa mple.com", "ann@-example.com"),
        *("ann@example-.com", "ann@example..com", ".ann@example.com", "ann.@example.com", "a..n@example.com"),
        *(
            "ann@example.com\nBcc: eve@example.com",
            "ann\r\n@example.com",
            "ann@example.com\0",
            "ann@example.com,b@c.de",
        ),
        *(
            "Ann <ann@example.com>",
            "ann@example.com;b@c.de",
            "anñ@example.com",
            "ann\u200b@example.com",
            "ann@exam\u202eple.com",
        ),
        *(f"{'a' * 65}@example.com", f"ann@{'a' * 64}.com", f"a@{'a.' * 130}com", "ann@example.123", "a" * 100_000),
        *("ann@faß.example", "ann@FAẞ.example", "ann@ς.example", "ann@ex\u200dample.com", "ann@ex\u200cample.com"),
        *("ann@%00.com", "../../etc@x.y/../..", "${jndi:ldap://x}@example.com:25"),
    ],
)
def test_sec_e06_what_is_no_plain_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"address|domain"):
        clean_address(typed)


def test_what_nobody_types_is_not_even_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("encodings.idna.ToASCII", lambda label: asked.append(label) or label.encode())

    for typed in (f"ann@{'ü' * 250_000}.com", f"ann@{'ü.' * 120_000}com"):
        with pytest.raises(ValueError, match="address"):
            clean_address(typed)

    assert asked == []


def test_ways_of_writing_one_mailbox_count_as_one() -> None:
    assert {mailbox(each) for each in ("ann@example.com", "ann+1@example.com", "ann+a+b@example.com")} == {
        "ann@example.com"
    }
    assert mailbox("a.n.n+x@gmail.com") == mailbox("an.n@googlemail.com") == "ann@gmail.com"
    assert mailbox("a.nn@example.com") != mailbox("ann@example.com")


def test_a_mask_shows_no_more_than_its_owner_knows() -> None:
    assert mask("ann.lee@example.com") == "a…@example.com"


def test_digests_of_an_address_cannot_be_compared_across_purposes_or_keys() -> None:
    said = address_hash("ann@example.com", "one", "key")

    assert said != address_hash("ann@example.com", "other", "key")
    assert address_hashes("ann@example.com", "one", ["new", "key"])[1] == said
    assert "ann" not in said

"""The shared vectors of GS1 numbers, addresses and element strings; the contested one is what we do as well."""

import json
from typing import Any

import pytest

from qrmerch.gs1.ai import Problem
from qrmerch.gs1.digital_link import read_link, write_link
from qrmerch.gs1.elements import read_bracketed, read_scanned, write_bracketed, write_scanned
from qrmerch.gs1.numbers import check_digit, gtin14, gtin_format, gtin_problem, is_gln, is_restricted, is_sscc
from tests.conftest import SHARED

_FILE = SHARED / "data" / "gs1_vectors.json"
CASES: list[dict[str, Any]] = json.loads(_FILE.read_text())["cases"] if _FILE.is_file() else []


def of_kind(kind: str) -> list[Any]:
    cases = [case for case in CASES if case["kind"] == kind]
    return [pytest.param(case, id=case["id"]) for case in cases] or [pytest.param({}, marks=pytest.mark.skip)]


pytestmark = pytest.mark.shared_data


def test_every_kind_of_vector_is_read_here() -> None:
    assert {case["kind"] for case in CASES} == {"gtin", "check_digit", "gln", "sscc", "uri", "build", "element_string"}
    assert len(CASES) == 71


@pytest.mark.parametrize("case", of_kind("gtin"))
def test_gtin(case: dict[str, Any]) -> None:
    problem = gtin_problem(case["input"])

    assert (problem is None) == case["valid"]
    if case["valid"]:
        assert gtin14(case["input"]) == case["gtin14"]
        assert gtin_format(case["input"]) == case["format"]
        assert is_restricted(case["input"]) == case.get("restricted_circulation", False)


@pytest.mark.parametrize("case", of_kind("check_digit"))
def test_check_digit(case: dict[str, Any]) -> None:
    assert check_digit(case["payload"]) == str(case["check_digit"])


@pytest.mark.parametrize("case", of_kind("gln") + of_kind("sscc"))
def test_gln_and_sscc(case: dict[str, Any]) -> None:
    assert {"gln": is_gln, "sscc": is_sscc}[case["kind"]](case["input"]) == case["valid"]


@pytest.mark.parametrize("case", of_kind("uri"))
def test_uri(case: dict[str, Any]) -> None:
    if not case["valid"]:
        with pytest.raises(Problem) as refused:
            read_link(case["input"])
        assert refused.value.reason == case["reason"]
        return

    link = read_link(case["input"])

    assert [list(each) for each in link.elements] == case["elements"]
    assert write_bracketed(link.elements) == case["element_string"]
    assert write_scanned(link.elements) == case["element_string_raw"]
    assert link.canonical == case["canonical"]
    assert [name for name, _ in link.others] == case.get("ignored_params", [])
    assert link.has_trailing_slash == (case.get("warning") == "trailing_slash")


@pytest.mark.parametrize("case", of_kind("build"))
def test_build(case: dict[str, Any]) -> None:
    assert write_link([(ai, value) for ai, value in case["elements"]], stem=case["stem"]) == case["uri"]


@pytest.mark.parametrize("case", of_kind("element_string"))
def test_element_string(case: dict[str, Any]) -> None:
    if not case["valid"]:
        with pytest.raises(Problem) as refused:
            read_scanned(case["input"])
        assert refused.value.reason == case["reason"]
        return

    elements = read_scanned(case["input"])

    assert [list(each) for each in elements] == case["elements"]
    assert write_bracketed(elements) == case["bracketed"]
    assert read_bracketed(case["bracketed"]) == elements

"""GS1: identification numbers, application identifiers, Digital Link addresses, link types and linksets."""

from qrmerch.gs1.numbers import check_digit, gtin14, gtin_problem, is_gtin

__all__ = ["check_digit", "gtin14", "gtin_problem", "is_gtin"]

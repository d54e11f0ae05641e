"""Tests of what is printed: tokens, codes, artwork, preflight."""

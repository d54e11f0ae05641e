"""Tests of pictures: refusing, re-encoding, serving."""

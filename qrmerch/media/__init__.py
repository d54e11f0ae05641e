"""Vendors' pictures: checked, stripped, re-encoded; the original is never served."""

"""Tests of products, items, prices and stock."""

"""Looks: items that a retailer puts together, each look with a page and codes of its own."""

"""Shoppers known by a cookie they asked for or by an address they left, and what they agreed to."""

"""Shoppers known by a cookie they asked for, and what they agreed to."""

"""Tests of the retailer’s desk."""

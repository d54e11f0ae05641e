"""Tests of the vendor’s pages."""

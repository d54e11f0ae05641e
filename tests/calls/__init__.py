"""Tests of calling an associate."""

"""Tests of catalogue files: reading, trying, taking in."""

"""Tests of templates, revisions, approval and publication."""

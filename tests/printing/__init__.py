"""Tests of label sheets: stocks, fonts, what stands on a label."""

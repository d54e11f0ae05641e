"""Counting: the log, its loader, what is a scan and what is not, events, totals."""

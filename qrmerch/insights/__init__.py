"""The numbers: what was scanned, where and when, and what people did next."""

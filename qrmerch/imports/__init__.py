"""Files in: a vendor's catalogue, read as it is, tried without a write, then committed."""

"""What is printed: tokens, artwork, preflight."""

"""Keep and share: lists of kept items, and links given to friends."""

"""A shopper's pages: the item behind a code, the list, sharing, what is kept and how to be forgotten."""

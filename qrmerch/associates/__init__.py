"""The associate's phone at the till: read a shopper's code, honour it, take it back, see the day."""

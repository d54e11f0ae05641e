"""The retailer's desk: review, items, templates, codes, offers, people and places."""

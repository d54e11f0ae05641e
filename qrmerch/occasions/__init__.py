"""Occasions, "events" on screen: what a retailer invites to, in its stores and by their own clocks."""

"""Who takes part: retailers with their brand, stores and fixtures; vendors and whom they supply."""

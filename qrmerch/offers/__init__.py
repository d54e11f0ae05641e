"""What is promised: offers, exact limits, claims with a till code, redemptions."""

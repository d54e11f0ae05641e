"""What shoppers say about items."""

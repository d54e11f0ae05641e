"""What there is: vendors' products, and retailers' items with price and stock."""

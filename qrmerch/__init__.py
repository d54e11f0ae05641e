"""qrmerch: printed codes that open a retailer's own page about an item, and honest numbers about them."""

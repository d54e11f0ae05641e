"""Who is told what by mail because they asked for it: that something is back, a retailer's news."""

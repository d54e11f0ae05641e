"""The vendor's pages: what to do next, imports, pictures, products, content."""

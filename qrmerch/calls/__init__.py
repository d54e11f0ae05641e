"""A shopper calls an associate: to have a size brought, or somebody beside them. No name, no number, no cookie."""

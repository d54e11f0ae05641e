"""Three sample shops with everything in them, so that the first look at qrmerch is a look at something."""

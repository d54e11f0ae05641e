"""On paper: sheets of labels and tags, in faces that have every letter of a name."""

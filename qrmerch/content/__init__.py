"""What is shown: page templates with locks, revisions, approval, publication, looks."""

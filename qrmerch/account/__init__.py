"""The door for everybody who works here: sign-in, invitations, one's own account."""

"""People who sign in: accounts, roles, sessions, invitations."""

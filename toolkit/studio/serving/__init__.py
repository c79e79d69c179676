"""A local server: the program, its database, its port, and the accounts on it."""

"""A local Label Studio: the program, its database, its port."""

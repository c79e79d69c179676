"""The order of things: a step reads files, calls the rooms, writes files and says one line."""

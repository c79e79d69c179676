"""The parts of pull: what was read, what is new in it, what counts, and whether that was all."""

"""The line to a server: requests that are repeated where that is safe, records of what it says, and its faults."""

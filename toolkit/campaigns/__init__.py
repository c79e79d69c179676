"""What is asked of whom: sampling, planning, simulation."""

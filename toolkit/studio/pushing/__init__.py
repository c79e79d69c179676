"""The parts of push: projects, tasks, twins, and codebooks that change while people work."""

"""Label Studio: the server, the screen, push, pull and simulated answering."""

"""One file, one tool: everything that touches a foreign engine."""

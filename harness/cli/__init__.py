"""The command line: main.py is the composition root, a file a command."""

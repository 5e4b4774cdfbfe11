"""Pact's verifier, in a process of its own: bounded in time, ended on Ctrl-C, its results as frozen values."""

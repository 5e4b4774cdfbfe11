"""Benchmarks: figures with ranges on this machine; never part of the tests."""

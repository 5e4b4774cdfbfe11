"""The built-in fault proxy: speaks Toxiproxy's HTTP API, with its toxics, where no Toxiproxy server is to be had.

`python -m harness.drivers.fault_proxy` serves it as a process of its own. One conformance suite holds it and the real
server to the same behaviour: tests/drivers/test_toxiproxy_conformance.py.
"""

"""The reference platform, its operator wallet and the supervisor that runs them on loopback.

Authors and the CLI use `harness.sandbox.supervisor.start_sandbox`; everything else is a subject under test.
"""

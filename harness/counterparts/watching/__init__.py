"""Watching beside a storm: the events feed, rounds of our own, queues, and the ledger when it is over."""

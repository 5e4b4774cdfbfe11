"""The operator's wallet: a small service of its own, and the platform's careful client of it."""

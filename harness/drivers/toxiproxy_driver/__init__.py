"""Toxiproxy behind one driver: a server that is found or started, spoken to, and left as it was whatever happens."""

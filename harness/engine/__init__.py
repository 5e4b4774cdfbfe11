"""Plan, run, journal and scoring: the way of the data."""

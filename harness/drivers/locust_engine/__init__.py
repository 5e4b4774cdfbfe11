"""Locust: storms of calls with open arrivals, on one machine or many. Runs in a process of its own, gevent and all."""

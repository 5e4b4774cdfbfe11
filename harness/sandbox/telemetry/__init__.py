"""Telemetry: Prometheus metrics (RED per route, pools and queues) and JSON logs without personal data."""

"""The parties that the harness plays: provider client, observer, webhook receiver."""

"""Consumer pacts against the subject: provider states, the front before the verifier, and how a pact is verified."""

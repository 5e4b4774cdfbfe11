"""Three typical consumers of the unified API, and the platform as one: what they ask for becomes the shipped pacts."""

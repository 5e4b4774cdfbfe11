"""Three typical consumers of the unified API, and the platform as a consumer: their promises become the shipped pacts."""

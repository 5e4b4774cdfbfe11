"""Contract packs of the unified API by version: data, and the one module that reads it."""

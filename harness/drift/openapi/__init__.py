"""What changed between two versions of an OpenAPI document, and whom it breaks."""

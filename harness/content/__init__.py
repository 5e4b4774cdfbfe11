"""Folders, catalogue, target profiles: files become frozen values here, once."""

"""Pure functions over a history: each decides one kind of claim."""

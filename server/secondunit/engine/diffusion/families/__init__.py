"""One module for each family of checkpoints: how it is told what to make."""

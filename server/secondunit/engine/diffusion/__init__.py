"""Engines whose weights are diffusers checkpoints: one conditioning, told to each family."""

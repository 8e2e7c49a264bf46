"""Durable work: the store, the runner that drives the six stages, and the worker process."""

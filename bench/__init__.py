"""Measurements that can be repeated: one command, one table."""

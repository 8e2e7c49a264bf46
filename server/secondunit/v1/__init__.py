"""Generated from proto/secondunit/v1 by proto/generate.py; never edited."""

"""The built-in engine against its bars: `python -m bench.motion` prints all of them in one run."""

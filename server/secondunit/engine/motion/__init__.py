"""The built-in engine: a small diffusion transformer that invents motion, never content."""

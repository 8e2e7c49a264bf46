"""Painted places: each module is one location, or one material that the locations share."""

"""Second Unit: makes the shots an edit is missing, inside the edit."""

__version__ = "0.1.0"

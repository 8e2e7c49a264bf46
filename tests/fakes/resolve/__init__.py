"""A Resolve that is not there: small classes with the documented oddities of its interface."""

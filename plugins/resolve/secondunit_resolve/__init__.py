"""The DaVinci Resolve adapter: a process of its own that speaks the hosts' language for Resolve."""

"""Second Unit for agents: an MCP server over the light client, bounded by folders and budgets."""

"""Timeline frames come in; a verified file, its proxy and its sidecar go out."""

"""The bridge: the same services for programs without gRPC, over HTTP/1.1 and WebSocket."""

"""Lets others in: the gRPC servicers, one file per service."""

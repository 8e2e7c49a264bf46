"""An edit comes in; Shots go out: what is asked, where, between which source frames."""

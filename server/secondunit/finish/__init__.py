"""Generated and source frames come in; timeline frames and the control report go out."""

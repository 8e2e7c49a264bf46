"""Files and the edit come in; a new timeline beside the old one goes out."""

"""Files of other programs in; timelines of OpenTimelineIO out. One format, one module."""

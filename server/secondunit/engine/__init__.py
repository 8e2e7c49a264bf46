"""A ShotPlan and its source frames come in; generated frames go out."""

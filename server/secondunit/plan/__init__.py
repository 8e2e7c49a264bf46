"""A Shot and the catalogue come in; a ShotPlan goes out: everything the result depends on."""

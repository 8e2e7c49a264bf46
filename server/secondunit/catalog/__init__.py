"""Tables as data: engines and deliveries, validated when they are imported."""

"""What is known of one plugin, in tabs."""

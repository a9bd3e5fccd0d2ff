"""What a dialect must keep to, as checks: `trunkline drivers test` runs them, and a plug-in's own tests (`suite`)."""

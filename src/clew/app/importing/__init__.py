"""What other trackers keep, taken into the store: MLflow's stores, TensorBoard's event files."""

"""The engines of Pentimento: data, training, proof, and local inference."""

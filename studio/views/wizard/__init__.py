"""The pages of the wizard that leads from a folder of pictures to a training."""

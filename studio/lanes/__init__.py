"""Where work is done beside the window: renders, jobs, and runs that are followed."""

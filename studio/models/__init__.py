"""What the views show and change: the open document, its tools, its models. No widgets."""

"""Networks that several recipes compose. Nothing here knows about training or export."""

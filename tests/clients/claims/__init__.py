"""What is certain of each client's spans, told by the scenarios of its program; one module per client."""

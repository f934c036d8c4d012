"""Tables that several dialects share: providers, operations, span types, finish reasons, shapes of usage."""

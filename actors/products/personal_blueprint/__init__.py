"""Personal Blueprint: a portrait in fifty-two sections, each of which knows the key and the part it stands in."""

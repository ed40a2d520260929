"""Life Clarity: a short reading of one question, in four chapters written at once."""

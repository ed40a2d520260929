"""The letters that customers get: a folder of templates each."""

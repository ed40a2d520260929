"""Simulation of the engine: real actors and storage, and a seed that decides who goes on, and what goes wrong."""

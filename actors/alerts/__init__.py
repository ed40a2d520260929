"""Alerts: how operators are told of trouble, and the troubles of the installation itself."""

"""Errors of typesetting. A child that crashed is an infra.errors.TransientError."""

from infra.errors import PermanentError, PressroomError


class ChapterCannotBeSet(PermanentError):
    """Setting this chapter fails, and would fail again; the text gives the cause's type, a note its words."""


class BookCannotBeBound(PermanentError):
    """The chunks cannot be joined; the text gives the cause's type, a note its words."""


class RendererCannotStart(PressroomError):
    """The typesetting libraries are missing or broken on this machine; the text names what is to be installed."""

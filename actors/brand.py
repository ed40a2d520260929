"""The name under which reports and letters go out."""

from email.utils import parseaddr

from infra.settings import Settings


def brand_name(settings: Settings) -> str:
    """Return the sender's display name, or Pressroom if it has none."""
    return parseaddr(settings.mail_from)[0] or "Pressroom"

"""`pressroom hash-password`: the hash of an operator's password, for OPS_USERS."""

import sys

import click


@click.command()
def hash_password() -> None:
    """Print the hash of an operator's password.

    It is asked for, or read from the standard input's first line. A line of OPS_USERS is a name, a role (viewer,
    operator or owner) and the hash.
    """
    from infra import passwords

    if sys.stdin.isatty():
        given: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        given = _read_line()
    password = given.rstrip("\r\n")
    if not 12 <= len(password) <= passwords.LONGEST:
        raise click.UsageError(f"A password has 12 to {passwords.LONGEST} characters.")
    click.echo(passwords.hash_password(password))


def _read_line() -> str:
    """Return the first line in UTF-8, as browsers send passwords, whatever this terminal's own encoding is."""
    try:
        return sys.stdin.buffer.readline().decode()
    except UnicodeDecodeError:
        raise click.UsageError("A password is text in UTF-8.") from None

"""The error that a user can fix."""


class InputError(ValueError):
    """Settings, posts or weights cannot be used; the message says which, and what to do.

    A job that raises it ends with the message and status 1, without a traceback.
    """

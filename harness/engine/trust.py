"""Which certificates are believed: the same for every client of the harness, storms included."""

from __future__ import annotations

import os
import ssl

from harness.model.errors import UsageError


def trusted() -> ssl.SSLContext:
    """What checks chain and name of a certificate, by the file or folder that the environment names, else certifi's.

    Raises:
        UsageError: SSL_CERT_FILE names no file of certificates.
    """
    if file := os.environ.get("SSL_CERT_FILE"):
        try:
            return ssl.create_default_context(cafile=file)
        except OSError as error:  # of which ssl.SSLError is one
            raise UsageError(f"SSL_CERT_FILE: no certificates can be read from {file!r}",
                             remedy="Name a file of PEM certificates, or unset it") from error
    if folder := os.environ.get("SSL_CERT_DIR"):
        return ssl.create_default_context(capath=folder)
    import certifi  # late: only who needs it reads it

    return ssl.create_default_context(cafile=certifi.where())

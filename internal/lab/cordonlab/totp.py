"""One-time codes of virtual MFA devices (RFC 6238), checked against the seed that CreateVirtualMFADevice gave.

moto accepts any two codes. AWS: EnableMFADevice answers InvalidAuthenticationCode "because the authentication code was
not recognized".
"""
import base64
import binascii
import datetime as dt
import hashlib
import hmac
import struct

STEP = 30
WINDOW = 5


def code(seed, counter):
    """The six digits of one 30-second step."""
    key = base64.b32decode(seed + "=" * (-len(seed) % 8))
    digest = hmac.new(key, struct.pack(">Q", counter), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset:offset + 4])[0] & 0x7FFFFFFF
    return "%06d" % (number % 1000000)


def steps(moment):
    """The steps around a moment that are accepted (authenticators' clocks drift)."""
    now = int(moment.replace(tzinfo=dt.timezone.utc).timestamp()) // STEP
    return range(now - WINDOW, now + WINDOW + 1)


def consecutive(seed, first, second, moment):
    """Whether two codes are of two successive steps."""
    return any(code(seed, t) == first and code(seed, t + 1) == second for t in steps(moment))


def single(seed, given, moment):
    return any(code(seed, t) == given for t in steps(moment))


def seed_of(device):
    """moto keeps the base-32 seed; the API hands it out encoded once more."""
    seed = device.base32_string_seed
    seed = seed.decode() if isinstance(seed, bytes) else seed
    if set(seed.strip("=")) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"):
        return seed
    try:
        return base64.b64decode(seed).decode()
    except (binascii.Error, UnicodeDecodeError):
        return seed


def valid_for_user(account, name, serial, given):
    """Whether a code fits the user's own enabled device."""
    from . import authview, sessions
    iam = authview.backend(account)
    user = iam.users.get(name)
    device = iam.virtual_mfa_devices.get(serial)
    if user is None or device is None or serial not in user.mfa_devices:
        return False
    return single(seed_of(device), given or "", sessions.now())

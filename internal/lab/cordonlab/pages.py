"""Paging as AWS does it, for every list that moto gives whole.

AWS (IAM ListUsers, MaxItems): "If you do not include this parameter, the number of items defaults to 100. Note that
IAM might return fewer than the MaxItems number of results, even when there are more results available. In that case,
the IsTruncated response element returns true". A tool that forgets the second page must fail on the lab too; the
setting `page_size` forces small pages.
"""
import base64
import json

from . import registry, state

MAX_ITEMS_MESSAGE = ("1 validation error detected: Value '{}' at 'maxItems' failed to satisfy constraint: Member must "
                     "have value {}")


state.SETTINGS.setdefault("page_size", 0)


@registry.resetter
def reset():
    state.SETTINGS.setdefault("page_size", 0)


def forced():
    """The page size that a test forces, or 0."""
    return int(state.SETTINGS.get("page_size") or 0)


def encode(offset, kind):
    """A marker nobody can guess the meaning of, bound to its operation."""
    return base64.urlsafe_b64encode(json.dumps([kind, offset]).encode()).decode()


def decode(marker, kind, error):
    """The offset a marker stands for; a marker of another operation, or a made-up one, is refused."""
    if not marker:
        return 0
    try:
        found, offset = json.loads(base64.urlsafe_b64decode(str(marker).encode()))
    except (ValueError, TypeError):
        raise error from None
    if found != kind or not isinstance(offset, int) or offset < 0:
        raise error
    return offset


def cut(items, size, marker, kind, error):
    """One page of a list: (items, marker of the next page or None)."""
    start = decode(marker, kind, error)
    if forced():
        size = min(size, forced())
    end = start + size
    return items[start:end], encode(end, kind) if end < len(items) else None


def iam_size(params):
    """MaxItems, from 1 to 1000, 100 when not given."""
    given = params.get("MaxItems")
    size = 100 if given is None else int(given)
    if size < 1:
        raise registry.AwsError(400, "ValidationError",
                                MAX_ITEMS_MESSAGE.format(size, "greater than or equal to 1"))
    if size > 1000:
        raise registry.AwsError(400, "ValidationError",
                                MAX_ITEMS_MESSAGE.format(size, "less than or equal to 1000"))
    return size


def iam_page(items, params, op):
    """(page, {"IsTruncated": ..., "Marker": ...})."""
    error = registry.AwsError(400, "ValidationError", f"Invalid Marker: {params.get('Marker')}")
    page, marker = cut(list(items), iam_size(params), params.get("Marker"), f"iam:{op}", error)
    more = {"IsTruncated": marker is not None}
    if marker:
        more["Marker"] = marker
    return page, more


def token_page(result, member, size, token, kind, error, next_name="NextToken"):
    """Cut one member of an answer that pages by tokens."""
    items, following = cut(list(result.get(member) or []), size, token, kind, error)
    result[member] = items
    result.pop(next_name, None)
    if following:
        result[next_name] = following
    return result

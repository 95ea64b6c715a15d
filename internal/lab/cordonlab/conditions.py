"""The Condition element of IAM policies.

AWS: "If the key that you specify in a policy condition is not present in the request context, the values do not
match and the condition is false. If the policy condition requires that the key is not matched, such as StringNotLike
or ArnNotLike, and the right key is not present, the condition is true." moto knows no conditions at all: a Deny with
any Condition denies always, so AWSRevokeOlderSessions would lock out new sessions too.

Everything here is pure: a context is a dict of lower-case condition keys to a string or a list of strings.
"""
import base64
import binascii
import datetime as dt
import ipaddress
import re

_VARIABLE = re.compile(r"\$\{\s*([^}]+?)\s*\}")
_DEFAULTED = re.compile(r"^(.*?)\s*,\s*'(.*)'$")


class Unresolved(Exception):
    """A policy variable without a value: AWS makes the whole statement not match."""


def as_list(value):
    """IAM lets one value stand for a list of one."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def lower_keys(context):
    """Condition keys are case-insensitive."""
    return {str(key).lower(): value for key, value in context.items() if value is not None}


def _pieces(pattern, context, variables):
    """Cut a pattern into (text, literal) pieces: what a variable gives is literal, its * is no wildcard."""
    if not variables:
        return [(pattern, False)]
    out, end = [], 0
    for match in _VARIABLE.finditer(pattern):
        out.append((pattern[end:match.start()], False))
        out.append((_variable(match.group(1), context), True))
        end = match.end()
    out.append((pattern[end:], False))
    return out


def _variable(name, context):
    """${*}, ${?} and ${$} are the characters themselves; ${key, 'default'} has a default."""
    if name in ("*", "?", "$"):
        return name
    default = None
    match = _DEFAULTED.match(name)
    if match:
        name, default = match.group(1), match.group(2)
    value = context.get(name.lower(), default)
    if value is None or isinstance(value, (list, tuple)):
        raise Unresolved(name)
    return str(value)


def expand(text, context, variables=True):
    """The text with its variables replaced (for operators that have no wildcards)."""
    return "".join(piece for piece, _ in _pieces(str(text), context, variables))


def glob(pattern, value, context=None, variables=True, fold=False):
    """Match * and ? the way IAM does; colons and slashes are ordinary characters."""
    regex = ""
    for piece, literal in _pieces(str(pattern), context or {}, variables):
        if literal:
            regex += re.escape(piece)
        else:
            regex += "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in piece)
    flags = re.DOTALL | (re.IGNORECASE if fold else 0)
    return re.fullmatch(regex, str(value), flags) is not None


def arn_glob(pattern, value, context, variables):
    """ARN operators: "each of the six colon-delimited components of the ARN is checked separately"."""
    want, have = _arn_parts(str(pattern)), str(value).split(":", 5)
    if len(want) != 6 or len(have) != 6:
        return pattern == "*"
    return all(glob(w, h, context, variables) for w, h in zip(want, have))


def _arn_parts(text):
    """Split at the first five colons, but not at colons inside ${aws:username}."""
    parts, depth, current = [], 0, ""
    for i, char in enumerate(text):
        if char == "{" and text[i - 1:i] == "$":
            depth += 1
        elif char == "}" and depth:
            depth -= 1
        if char == ":" and not depth and len(parts) < 5:
            parts.append(current)
            current = ""
        else:
            current += char
    return parts + [current]


def moment(value):
    """An ISO-8601 date or epoch seconds, as an aware datetime."""
    text = str(value).strip()
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        number = float(text)
        return dt.datetime.fromtimestamp(number / 1000 if number > 1e11 else number, dt.timezone.utc)
    parsed = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=dt.timezone.utc)


def _in_network(have, want):
    return ipaddress.ip_address(have) in ipaddress.ip_network(want, strict=False)


def _binary(have, want):
    return base64.b64decode(have) == base64.b64decode(want)


def _compare(kind, relation):
    """A comparison of two values after both were read as `kind`."""
    relations = {
        "Equals": lambda a, b: a == b, "LessThan": lambda a, b: a < b, "LessThanEquals": lambda a, b: a <= b,
        "GreaterThan": lambda a, b: a > b, "GreaterThanEquals": lambda a, b: a >= b}
    compare = relations[relation]
    return lambda have, want, context, variables: compare(kind(have), kind(expand(want, context, variables)))


def _plain(function):
    return lambda have, want, context, variables: function(str(have), expand(want, context, variables))


_POSITIVE = {
    "stringequals": _plain(lambda a, b: a == b),
    "stringequalsignorecase": _plain(lambda a, b: a.lower() == b.lower()),
    "stringlike": lambda have, want, context, variables: glob(want, have, context, variables),
    "arnequals": lambda have, want, context, variables: arn_glob(want, have, context, variables),
    "arnlike": lambda have, want, context, variables: arn_glob(want, have, context, variables),
    "bool": _plain(lambda a, b: a.lower() == b.lower()),
    "binaryequals": _plain(_binary),
    "ipaddress": _plain(_in_network),
}
for _name in ("Equals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"):
    _POSITIVE["numeric" + _name.lower()] = _compare(float, _name)
    _POSITIVE["date" + _name.lower()] = _compare(moment, _name)

_NEGATED = {
    "stringnotequals": "stringequals", "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike", "arnnotequals": "arnequals", "arnnotlike": "arnlike",
    "notipaddress": "ipaddress", "numericnotequals": "numericequals", "datenotequals": "dateequals"}


def _matches(operator, have, wanted, context, variables):
    """Whether one value of the request matches one of the wanted values; a value that can't be read does not."""
    compare = _POSITIVE[operator]
    for want in wanted:
        try:
            if compare(have, want, context, variables):
                return True
        except (ValueError, TypeError, OverflowError, binascii.Error):
            continue
    return False


def _one(name, key, wanted, context, variables):
    """One operator on one key. An operator that does not exist is never met."""
    quantifier, _, operator = name.rpartition(":")
    quantifier, operator = quantifier.lower(), operator.lower()
    if_exists = operator.endswith("ifexists")
    operator = operator[:-len("ifexists")] if if_exists else operator
    have, wanted = context.get(key.lower()), [_text(w) for w in as_list(wanted)]
    if operator == "null":
        return any((have is None) == (w.lower() == "true") for w in wanted)
    negated = operator in _NEGATED
    operator = _NEGATED.get(operator, operator)
    if operator not in _POSITIVE or quantifier not in ("", "foranyvalue", "forallvalues"):
        return False
    if have is None or have == []:
        return if_exists or quantifier == "forallvalues" or (negated and not quantifier)
    results = [_matches(operator, _text(h), wanted, context, variables) for h in as_list(have)]
    if quantifier == "forallvalues":
        return not any(results) if negated else all(results)
    if quantifier == "foranyvalue":
        return not all(results) if negated else any(results)
    return not any(results) if negated else any(results)


def _text(value):
    """JSON's true and 5 are written "true" and "5" in policies."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def met(condition, context, variables=True):
    """Whether every operator and every key of a Condition element is met ("evaluated using a logical AND")."""
    if not condition:
        return True
    if not isinstance(condition, dict):
        return False
    context = lower_keys(context)
    for operator, keys in condition.items():
        if not isinstance(keys, dict):
            return False
        for key, wanted in keys.items():
            try:
                if not _one(operator, key, wanted, context, variables):
                    return False
            except Unresolved:
                return False
    return True

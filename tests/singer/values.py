"""Compares a destination's value with the one that the tap emitted, as far as the column's type can hold it."""

import json
from datetime import date, datetime, time
from decimal import Decimal

import tap


def same(schema, emitted, stored, exact):
    """With `exact`, numbers must be equal in every digit; without, they are compared as doubles."""
    if emitted is None or stored is None:
        return emitted is stored
    kind = schema["type"][0]
    if schema.get("format") == "date-time":
        return tap.instant(emitted) == stored
    if isinstance(stored, (date, time)) and not isinstance(stored, datetime):
        return stored == type(stored).fromisoformat(emitted)
    if kind in ("object", "array"):
        stored = json.loads(stored, parse_float=Decimal) if isinstance(stored, str) else stored
    return alike(emitted, stored, exact)


def alike(emitted, stored, exact):
    if isinstance(emitted, bool) or not isinstance(emitted, (int, Decimal, dict, list)):
        return emitted == stored
    if isinstance(emitted, dict):
        return isinstance(stored, dict) and emitted.keys() == stored.keys() and all(alike(emitted[key], stored[key], exact) for key in emitted)
    if isinstance(emitted, list):
        return isinstance(stored, list) and len(emitted) == len(stored) and all(map(alike, emitted, stored, [exact] * len(emitted)))
    if exact:
        return emitted == stored
    return float(emitted) == float(stored)

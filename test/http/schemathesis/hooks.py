"""What no document can say of a request, and so has to be said here."""

import uuid

import schemathesis

# A leap year, so that every day of any year is a day of it.
FUTURE_YEAR = "2996"
FILTER = '{"column":"email","op":"STRING_CONTAINS","value":"a"}'


def dicts_in(body):
    """A body, and the manifest that it may hold."""
    if isinstance(body, dict):
        yield body
        if isinstance(body.get("manifest"), dict):
            yield body["manifest"]


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    # A schema knows dates and not what day it is: one that has passed is refused as an end.
    for part in dicts_in(case.body):
        for name in ("expirationDate", "expiresAt", "expiration_date"):
            if isinstance(part.get(name), str):
                part[name] = FUTURE_YEAR + part[name][4:]
    # Nor does it know who is in which team, nor what a filter can say.
    for part in (case.query, case.body):
        if isinstance(part, dict) and isinstance(part.get("teamName"), str):
            del part["teamName"]
    if case.query and "filter" in case.query:
        case.query["filter"] = FILTER.replace("email", "name") if "/virtual-accounts" in case.path else FILTER
    # Nor where a user is: one who is in a team is removed only by force.
    if case.method.upper() == "DELETE" and case.path == "/api/svc/v1/users/{id}":
        case.query = {**(case.query or {}), "forceDelete": "true"}
    # A key stands for one request: the same with another request is refused, and a schema sees one request at a time.
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())

"""What no document can say of a request, and so has to be said here."""

import uuid

import schemathesis

# A leap year, so that every day of any year is a day of it.
FUTURE_YEAR = "2996"
FILTER = '{"column":"email","op":"STRING_CONTAINS","value":"a"}'


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    # A schema knows dates and not what day it is: one that has passed is refused as an end.
    if isinstance(case.body, dict):
        for name in ("expirationDate", "expiresAt"):
            if isinstance(case.body.get(name), str):
                case.body[name] = FUTURE_YEAR + case.body[name][4:]
    # Nor does it know who is in which team, nor what a filter can say.
    for part in (case.query, case.body):
        if isinstance(part, dict) and isinstance(part.get("teamName"), str):
            del part["teamName"]
    if case.query and "filter" in case.query:
        case.query["filter"] = FILTER
    # A key stands for one request: the same with another request is refused, and a schema sees one request at a time.
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())

"""A verifier of JWTs elsewhere, as the page of gateways has it: `python elsewhere.py`. Prints what it finds as one line of JSON."""

import json
import os
import urllib.parse
import urllib.request

import jwt

issuer, token = os.environ["ISSUER"], os.environ["TOKEN"]

with urllib.request.urlopen(f"{issuer}/.well-known/oauth-authorization-server") as answer:
    metadata = json.load(answer)
assert metadata["issuer"] == issuer


def offline():
    """By the key set alone."""
    try:
        key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token)
        claims = jwt.decode(token, key.key, algorithms=["RS256"], audience=issuer, issuer=issuer)
        return {"username": claims["username"], "jti": claims["jti"]}
    except jwt.PyJWTError as error:
        return type(error).__name__


def online():
    """By whoever issued it."""
    form = urllib.parse.urlencode({"token": token}).encode()
    headers = {"Authorization": f"Bearer {os.environ['GATEWAY_TOKEN']}"}
    request = urllib.request.Request(metadata["introspection_endpoint"], form, headers)
    with urllib.request.urlopen(request) as answer:
        said = json.load(answer)
    return {name: said[name] for name in ("active", "username", "jti") if name in said}


print(json.dumps({"offline": offline(), "online": online()}), flush=True)

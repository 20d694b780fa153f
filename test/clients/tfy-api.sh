#!/usr/bin/env bash
# One call of the API, in the manner of the public skills:
#   TFY_BASE_URL=https://host TFY_API_KEY=… tfy-api.sh METHOD /api/PATH [JSON]
# Prints the answer's body. Exit code 0: done; 22: refused, and the body says why; 2: not called properly.
set -euo pipefail

fail() {
  printf 'tfy-api: %s\n' "$1" >&2
  exit 2
}

[[ $# -eq 2 || $# -eq 3 ]] || fail 'give METHOD, PATH and perhaps a JSON body'
method=$1 path=$2 body=${3-}
[[ -n ${TFY_BASE_URL-} ]] || fail 'set TFY_BASE_URL, the URL of the server'
[[ -n ${TFY_API_KEY-} ]] || fail 'set TFY_API_KEY, a personal access token'
[[ $method =~ ^(GET|POST|PUT|PATCH|DELETE)$ ]] || fail "no such method: $method"
[[ $path == /api/* ]] || fail "not a path of the API: $path"
# Nothing in it may end the quotes below.
[[ $TFY_API_KEY =~ ^[A-Za-z0-9._~+/=-]+$ ]] || fail 'TFY_API_KEY holds characters that no key has'

options=(
  --silent --show-error --fail-with-body
  --connect-timeout 10 --max-time 60 --retry 2 --retry-delay 1 --retry-connrefused
  --request "$method" --header 'Content-Type: application/json'
)
[[ -z $body ]] || options+=(--data-binary @/dev/fd/3)

# The command line of a program is there for everybody on the machine to read: the key and the body go by pipes.
printf 'header = "Authorization: Bearer %s"\n' "$TFY_API_KEY" |
  curl --config - "${options[@]}" "${TFY_BASE_URL%/}$path" 3< <(printf '%s' "$body")

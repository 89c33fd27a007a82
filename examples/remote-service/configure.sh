#!/usr/bin/env bash
# A job in the shell: it delivers the result, or reports the failure if a command fails.
set -Eeuo pipefail

# --retry sends again after 408, 429, 503 and a lost connection. The URL is a secret, so it is no argument that `ps` shows.
deliver() {
    curl --silent --show-error --fail-with-body --retry 5 --retry-connrefused --max-time 30 \
        --header 'content-type: application/json' --data-binary "$2" --config <(printf 'url = "%s"\n' "$1")
}

on_failure() {
    deliver "$CALLBACK_URL/fail" '{"code": "unreachable", "message": "The node does not answer"}'
}
trap on_failure ERR

deliver "$CALLBACK_URL/progress" '{"message": "loading the configuration", "percent": 50}'
[[ "$NODE" != broken-* ]] # your commands come here
trap - ERR

deliver "$CALLBACK_URL" '{"return_code": 0, "output": ["configured"]}'

#!/usr/bin/env bash
# Starts a demo house and prints what to try, with a working token in it. Ctrl-C ends it.
set -euo pipefail
narhet=target/release/narhet
data=${DATA:-./.narhet}
fifo=$(mktemp -u)
mkfifo "$fifo"
trap 'rm -f "$fifo"' EXIT
"$narhet" up --data "$data" --http "${HTTP:-127.0.0.1:8420}" --demo >"$fifo" &
house=$!
trap 'kill -INT $house 2>/dev/null || true; wait $house || true; rm -f "$fifo"' EXIT
trap 'exit 0' INT TERM
if ! read -r ready <"$fifo"; then
  echo "the house did not start; the lines above say why" >&2
  exit 1
fi
url=$(printf '%s' "$ready" | sed -n 's/.*"http":"\([^"]*\)".*/\1/p')
token=$("$narhet" token --data "$data" --role coordinator --board norra-innerstaden)
cat <<TRY

Närhet runs at $url. Try, in another terminal:

TOKEN=$token

# which board answers for Sergels torg
curl -s -H "Authorization: Bearer \$TOKEN" '$url/v1/responsibility?lon=18.0649&lat=59.3326'

# who holds crisis support there on a Friday evening, and why
curl -s -H "Authorization: Bearer \$TOKEN" '$url/v1/duty?lon=18.0649&lat=59.3326&occurredAt=2026-11-20T20:00:00%2B01:00'

# every event, live and resumable
curl -N -H "Authorization: Bearer \$TOKEN" -H 'Accept: text/event-stream' '$url/v1/events?after=-'

# an incident goes in
curl -s -X POST -H "Authorization: Bearer \$TOKEN" -H 'Content-Type: application/json' '$url/v1/incidents' \\
  -d '{"title":"Rökutveckling i tunnelbanan","kind":"fire","place":{"type":"Point","coordinates":[18.0649,59.3326]},"needsSupport":true}'

The same over the command line: $narhet --help

TRY
wait $house

#!/usr/bin/env bash
# Writes what the build says is missing from, or stale in, PublicAPI.Unshipped.txt. Look at the diff: it is the public surface.
set -euo pipefail
cd "$(dirname "$0")/.."
for project in src/*/; do
  [ -f "$project/PublicAPI.Unshipped.txt" ] || continue
  echo '#nullable enable' > "$project/PublicAPI.Unshipped.txt"
  log=$(dotnet build "$project" --no-incremental -v q -p:TreatWarningsAsErrors=false 2>&1 || true)
  { printf '%s\n' "$log" | grep -F "$(basename "$project").csproj]" | sed -nE "s/.*(warning|error) RS0016: Symbol '(.*)' is not part of the declared public API.*/\2/p" \
    | sort -u | LC_ALL=C sort >> "$project/PublicAPI.Unshipped.txt"; } || true
  echo "$project: $(($(wc -l < "$project/PublicAPI.Unshipped.txt") - 1)) symbols"
done

#!/usr/bin/env bash
# Prints the rows of docs/features.md with the number of tests that show each.
#   eng/features.sh [--open|--done]     only these rows
#   eng/features.sh --check             only whether every [Feature("…")] of the tests names a row
set -euo pipefail
cd "$(dirname "$0")/.."

show=${1:-all}
shown=$(mktemp)
trap 'rm -f "$shown"' EXIT
{ grep -rhoE --include='*.cs' '\[(assembly: )?Feature\("[^"]+"\)' tests || true; } | sed -E 's/.*"([^"]+)".*/\1/' | LC_ALL=C sort >"$shown"

awk -v show="$show" '
  FILENAME == ARGV[1] { count[$0]++; next }
  /^\| [A-Z][A-Za-z0-9.]*-/ {
    split($0, cell, / *\| */)
    id = cell[2]
    known[id] = 1
    rows++
    if (count[id]) done++
    if (show == "all" || (show == "--done" && count[id]) || (show == "--open" && !count[id]))
      printf "%-5s %-32s %s%s\n", count[id] ? "done" : "open", id, cell[3], count[id] ? " (" count[id] ")" : ""
  }
  END {
    for (id in count) if (!(id in known)) { printf "Feature(\"%s\") is not a row of docs/features.md\n", id; wrong = 1 }
    printf "%d of %d features are shown by a test\n", done, rows
    exit wrong
  }' "$shown" docs/features.md

#!/usr/bin/env bash
# Packs every library of the last commit as a release would, and opens the packages: eng/PackCheck.cs says what must be in them.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone -q --no-tags . "$work/clone"
# Source links name the host that a clone came from. A clone of a folder has none, so the check lends it one.
git -C "$work/clone" remote set-url origin "$(git remote get-url origin 2>/dev/null | grep -E '^(https://|git@)' || echo https://github.com/example/example.git)"
for project in src/*/*.csproj; do
  dotnet pack "$work/clone/$project" -c Release -v q -nologo -p:ContinuousIntegrationBuild=true -o "$work/packages"
done
dotnet run eng/PackCheck.cs -- "$work/packages"

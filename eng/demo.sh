#!/usr/bin/env bash
# The main job, end to end: imports posts, starts two nodes of samples/BlogApp on one PostgreSQL and one Redis, and shows step by step,
# with measured times, that a write by anybody is fresh on both, whatever breaks meanwhile. Ends with "demo: all steps passed".
#   eng/demo.sh [FILE]      FILE: posts as JSON lines; without it, generated ones
set -euo pipefail
file=
[ -z "${1:-}" ] || file=$(realpath -- "$1")
cd "$(dirname "$0")/.."
. eng/lib/servers.sh

[ -z "$file" ] || [ -r "$file" ] || die "There is no file $1 to import."
# The demo starts the servers by itself, as the tests do (tests/TestKit); here only what is missing is installed.
if ! docker_answers; then
  [ -n "${FRAISEQL_TEST_PG:-}" ] || need_program initdb postgresql || true
  need_program redis-server redis-server || true
fi
need_program psql postgresql-client || true

dotnet build samples/BlogApp -c Release -v q -nologo
dotnet build samples/BlogApp.Demo -c Release -v q -nologo
exec dotnet artifacts/bin/BlogApp.Demo/release/BlogApp.Demo.dll artifacts/bin/BlogApp/release/BlogApp.dll ${file:+"$file"}

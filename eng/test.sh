#!/usr/bin/env bash
# Every test, with every server it needs: builds once, runs each test project, and ends with "N passed, N failed".
#   eng/test.sh [TEXT]        only the projects (and steps) whose name contains TEXT
# A skipped test, a project that runs nothing and a crashed run count as failed.
set -uo pipefail
cd "$(dirname "$0")/.."
. eng/lib/servers.sh

only=${1:-}
results=artifacts/test-results
configuration=Release
passed=0
failed=0
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

finish() {
  printf '%s passed, %s failed\n' "$passed" "$failed"
  [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
  exit
}

give_up() {
  printf '%s\n' "$1" >&2
  failed=$((failed + 1))
  finish
}

selected() {
  [[ "$1" == *"$only"* ]]
}

step() { # name, command …: something that is not a test project, counted as one test
  local name=$1
  shift
  selected "$name" || return 0
  if "$@"; then
    passed=$((passed + 1))
    printf '%-50s passed\n' "$name"
  else
    failed=$((failed + 1))
    printf '%-50s FAILED\n' "$name"
  fi
}

attribute() { # name, file: of the <Counters …/> element of a trx file
  sed -nE "s/.*<Counters [^>]*\b$1=\"([0-9]+)\".*/\1/p" "$2" | head -n 1
}

run_project() { # path of the project
  local name trx log code total good bad
  name=$(basename "$1" .csproj)
  trx=$results/$name.trx
  log=$results/$name.log
  timeout 20m dotnet test "$1" -c "$configuration" --no-build --nologo --logger "trx;LogFileName=$name.trx" --results-directory "$results" \
    --blame-hang-timeout 5m --blame-hang-dump-type none >"$log" 2>&1 </dev/null
  code=$?
  total=0 good=0
  if [ -f "$trx" ]; then
    total=$(attribute total "$trx")
    good=$(attribute passed "$trx")
  fi
  bad=$((total - good))
  if [ "$code" != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
  if [ "$total" = 0 ] && [ "$bad" = 0 ]; then bad=1; fi
  passed=$((passed + good))
  failed=$((failed + bad))
  if [ "$bad" != 0 ]; then
    cat "$log"
    [ "$total" != 0 ] || printf '%s ran no test.\n' "$name"
  fi
  printf '%-50s %4d passed, %d failed\n' "$name" "$good" "$bad"
}

command -v dotnet >/dev/null || give_up "The .NET SDK is missing: install the version that global.json names, https://dotnet.microsoft.com/download."

# The tests start servers by themselves (tests/TestKit); here only what is missing is installed. Without it, tests fail and say what to do.
if ! docker_answers; then
  [ -n "${FRAISEQL_TEST_PG:-}" ] || need_program initdb postgresql || true
  [ -n "${FRAISEQL_TEST_REDIS:-}" ] || need_program redis-server redis-server || true
  [ -n "${FRAISEQL_TEST_MEMCACHED:-}" ] || need_program memcached memcached || true
fi
eng/lib/postgres18.sh || true
need_program chromium chromium || true

rm -rf "$results"
mkdir -p "$results"
restore=()
if ! dotnet restore FraiseQL.EfCore.sln -v q >"$results/restore.log" 2>&1; then
  # Another patch of the SDK brings another version of its own packages than the lock files name. Everything else must still be locked.
  grep -q NU1004 "$results/restore.log" || { cat "$results/restore.log"; give_up "dotnet restore failed."; }
  printf 'The lock files were made by another SDK; restoring without them.\n'
  restore=(-p:RestoreLockedMode=false)
  dotnet restore FraiseQL.EfCore.sln -v q --force-evaluate "${restore[@]}" || give_up "dotnet restore failed."
fi
dotnet tool restore >"$results/tools.log" 2>&1 || { cat "$results/tools.log"; give_up "dotnet tool restore failed."; }
dotnet build FraiseQL.EfCore.sln -c "$configuration" --no-restore -v q -nologo "${restore[@]}" || give_up "The build failed."

while IFS= read -r project; do
  if selected "$(basename "$project" .csproj)"; then run_project "$project"; fi
done < <(grep -rl --include='*.csproj' 'Microsoft.NET.Test.Sdk' tests | LC_ALL=C sort)

step "eng/pack-check.sh" eng/pack-check.sh
step "eng/trim-check.sh" eng/trim-check.sh --no-build
step "eng/quickstart.sh" eng/quickstart.sh
step "eng/features.sh" eng/features.sh --check
finish

#!/usr/bin/env bash
# Follows the README's quick start, word by word, in an empty folder, with packages that were just packed: its commands and its C# are taken
# from README.md. Fails unless a cached query is served from memory, psql's write ends it, and the user's code has at most 20 lines.
set -euo pipefail
cd "$(dirname "$0")/.."
. eng/lib/servers.sh
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
root=$PWD
most_lines=20

# A version of its own: the package cache of this machine must not answer with what an earlier run has left there.
version=0.1.$(date +%s)
cache=$(dotnet nuget locals global-packages --list | sed 's/^[^:]*: *//')
servers_begin
work=$SERVERS_FOLDER/quickstart
mkdir -p "$work/feed" "$work/tools"
leave() {
  rm -rf "${cache:?}/fraiseql.efcore.state/$version"
  servers_end
}
trap leave EXIT

dotnet build src/FraiseQL.EfCore.State -c Release -v q -nologo
dotnet pack src/FraiseQL.EfCore.State -c Release --no-build -v q -nologo -p:Version="$version" -o "$work/feed"
start_postgres
database=quickstart_$$
export ConnectionStrings__Blog="$PG_CONNECTION;Database=$database"

quick_start() { awk '/^## Quick start/ { on = 1; next } /^## / { on = 0 } on' README.md; }
blocks() { # language: the text of the blocks of that language, without their indentation
  quick_start | awk -v fence="\`\`\`$1" '{ line = $0; sub(/^ +/, "", line) } line == fence { on = 1; match($0, /^ */); indent = RLENGTH; next }
    line == "```" { on = 0 } on { print substr($0, indent + 1) }'
}

commands=$(blocks bash)
blocks csharp >"$work/Program.cs"
lines=$(grep -cvE '^[[:space:]]*(//.*)?$' "$work/Program.cs")
[ "$lines" -gt 0 ] || die "README.md has no C# in its quick start."
[ "$lines" -le "$most_lines" ] || die "The quick start has $lines lines of code, more than $most_lines."
[ "$(printf '%s\n' "$commands" | grep -c '^dotnet ')" -ge 6 ] || die "README.md has no commands in its quick start."

cat >"$work/nuget.config" <<XML
<configuration><packageSources><add key="packed" value="$work/feed" /></packageSources></configuration>
XML
mkdir "$work/empty"
cd "$work/empty"
while IFS= read -r command; do
  case "$command" in
    "dotnet run" | psql* | export* | "") continue ;;
    "dotnet add package FraiseQL.EfCore.State"*) command="$command --version $version" ;; # the one that was just packed, whatever else a feed has
    "dotnet ef migrations add"*) cp "$work/Program.cs" Program.cs ;;
    "cd "*) cd "${command#cd }"; continue ;;
  esac
  printf '$ %s\n' "$command"
  bash -c "$command" >"$work/command.log" 2>&1 </dev/null || { cat "$work/command.log"; die "This command of README.md fails: $command"; }
  ! grep -E 'warning [A-Z]+[0-9]+' "$work/command.log" || die "This command of README.md warns: $command"
done <<<"$commands"
grep -q 'FraiseQL:Capture' Migrations/*_Start.cs || die "The migration has no change capture."

free_port
url=http://127.0.0.1:$PORT
dotnet bin/Debug/net10.0/Blog.dll --urls "$url" >"$work/app.log" 2>&1 &
also_stop $!
served() { # outcome, text: asks until the answer has both
  local attempt answer
  for attempt in $(seq 300); do
    answer=$(curl -sS -i --max-time 5 "$url/posts" 2>/dev/null || true)
    if grep -qi "^X-Cache: $1" <<<"$answer" && grep -q "$2" <<<"$answer"; then return; fi
    sleep 0.1
  done
  tail -n 20 "$work/app.log"
  printf '%s\n' "$answer"
  die "No answer that is a $1 and has \"$2\" within 30 seconds."
}

served L1Hit '\[\]'
echo "served from memory"
insert=$(printf '%s\n' "$commands" | sed -nE 's/^psql blog -c "(.*)"$/\1/p')
[ -n "$insert" ] || die "README.md has no psql command in its quick start."
insert=${insert//\\\"/\"}
start=$(date +%s%N)
pg_sql -d "$database" "$insert"
served '.*' 'Hello'
echo "psql's write was seen $((($(date +%s%N) - start) / 1000000)) ms after it began"
served L1Hit 'Hello'
echo "and is served from memory"

# The analyzers of the package run in the user's compiler.
cat >Wrong.cs <<'CS'
using Microsoft.EntityFrameworkCore;
public static class Wrong { public static Task<List<Post>> Ask(BlogContext db) => db.Posts.Cacheable(TimeSpan.Zero).ToListAsync(); }
CS
dotnet build -v q >"$work/build.log" 2>&1 || { cat "$work/build.log"; die "The project does not build."; }
grep -q 'warning FQS006' "$work/build.log" || { cat "$work/build.log"; die "The analyzers of the package do not run."; }
cd "$root"
echo "README's quick start works with $lines lines of code"

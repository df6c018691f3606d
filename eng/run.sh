#!/usr/bin/env bash
# Runs the sample, samples/BlogApp, on its own PostgreSQL and Redis, and prints its address. Ctrl-C stops everything.
#   eng/run.sh [PORT] [FILE]      FILE: posts as JSON lines to import instead of generated ones
set -euo pipefail
cd "$(dirname "$0")/.."
. eng/lib/servers.sh

servers_begin
start_postgres
start_redis
port=${1:-}
[ -n "$port" ] || { free_port; port=$PORT; }
database=blog_$$
pg_sql "CREATE DATABASE $database"

export ConnectionStrings__Blog="$PG_CONNECTION;Database=$database"
export ConnectionStrings__Redis="$REDIS_CONNECTION"
dotnet build samples/BlogApp -c Release -v q -nologo
blog=(dotnet artifacts/bin/BlogApp/release/BlogApp.dll)
if [ -n "${2:-}" ]; then
  "${blog[@]}" import "$2"
else
  "${blog[@]}" seed
fi

"${blog[@]}" --urls "http://127.0.0.1:$port" &
also_stop $!
app=$!
for _ in $(seq 600); do
  port_answers "$port" && break
  kill -0 "$app" 2>/dev/null || die "BlogApp ended before it answered."
  sleep 0.1
done
port_answers "$port" || die "BlogApp did not answer on port $port within a minute."
printf '\nBlogApp: http://127.0.0.1:%s   (Ctrl-C stops it and its servers)\n\n' "$port"
wait "$app"

#!/usr/bin/env bash
# Benchmarks, on servers of their own: one table each, and artifacts/bench/<ID>.json.
#   eng/bench.sh                  all of them, thoroughly
#   eng/bench.sh --quick          the same tables with fewer rounds, some 4 minutes where nothing else runs
#   eng/bench.sh HIT-1 MISS       only these
set -euo pipefail
cd "$(dirname "$0")/.."
. eng/lib/servers.sh

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
dotnet build benchmarks/FraiseQL.EfCore.State.Benchmarks -c Release -v q -nologo

servers_begin
start_postgres
start_redis
export FRAISEQL_BENCH_PG="$PG_CONNECTION"
export FRAISEQL_BENCH_REDIS="$REDIS_CONNECTION"
export FRAISEQL_BENCH_RESULTS="$PWD/artifacts/bench"
dotnet run --project benchmarks/FraiseQL.EfCore.State.Benchmarks -c Release --no-build --no-launch-profile -- "$@"

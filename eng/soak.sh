#!/usr/bin/env bash
# Random scripts on two nodes and a storm of processes, while everything that can break does, for so long. Prints counts, seeds and times of recovery;
# ends with "soak: no violation", or non-zero at the first answer that was older than its bound.
#   eng/soak.sh 30m
set -euo pipefail
cd "$(dirname "$0")/.."
. eng/lib/servers.sh

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
if ! docker_answers; then
  need_program initdb postgresql || true
  need_program redis-server redis-server || true
fi
dotnet build tests/FraiseQL.EfCore.State.PostgresTests -c Release -v q -nologo
exec dotnet artifacts/bin/FraiseQL.EfCore.State.PostgresTests/release/FraiseQL.EfCore.State.PostgresTests.dll soak "${1:-30m}"

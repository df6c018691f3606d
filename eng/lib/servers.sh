# Finds or installs PostgreSQL, Redis and Memcached, starts them for one script, and stops exactly what it started. Source it; bash only.
#
#   servers_begin                    a temporary folder, and a trap that stops the servers and removes the folder
#   start_postgres                   sets PG_CONNECTION (Npgsql form, database postgres, may create databases)
#   start_redis | stop_redis         sets REDIS_CONNECTION; a stopped Redis starts again at the same address, empty
#   start_memcached                  sets MEMCACHED_CONNECTION
#   pg_sql "SQL"                     runs SQL on the database postgres (pg_sql -d NAME "SQL" on another)
#   also_stop PID                    ends a program of the script with its servers, before them
#   need_program NAME PACKAGE …      installs the package when the program is not there
#
# Each server comes from the first of: FRAISEQL_TEST_PG, FRAISEQL_TEST_REDIS, FRAISEQL_TEST_MEMCACHED; a Docker engine; local programs;
# apt-get (as root, or with sudo that asks no password). Else the script ends and names these four.

servers_begin() {
  SERVERS_FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/fraiseql-servers-XXXXXX")
  chmod 755 "$SERVERS_FOLDER"
  SERVER_PIDS=()
  PROGRAM_PIDS=()
  SERVER_CONTAINERS=()
  trap servers_end EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
}

servers_end() {
  local result=$? pid container
  trap '' INT TERM HUP
  trap - EXIT
  for pid in "${PROGRAM_PIDS[@]}"; do
    # Not INT: a shell without a terminal starts its background programs with INT ignored. Servers set their own handler, others need not.
    kill -TERM "$pid" 2>/dev/null || true
  done
  for pid in "${PROGRAM_PIDS[@]}"; do
    wait "$pid" 2>/dev/null || true
  done
  for pid in "${SERVER_PIDS[@]}"; do
    kill -INT "$pid" 2>/dev/null || true
  done
  for pid in "${SERVER_PIDS[@]}"; do
    wait "$pid" 2>/dev/null || true
  done
  for container in "${SERVER_CONTAINERS[@]}"; do
    docker rm -f "$container" >/dev/null 2>&1 || true
  done
  rm -rf "$SERVERS_FOLDER"
  exit "$result"
}

also_stop() {
  PROGRAM_PIDS+=("$1")
}

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

need_program() {
  local program=$1
  shift
  find_program "$program" >/dev/null || apt_install "$program" "$@"
}

find_program() {
  command -v "$1" && return
  local folder
  for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) /usr/sbin /usr/local/sbin; do
    [ -x "$folder/$1" ] && printf '%s\n' "$folder/$1" && return
  done
  return 1
}

apt_install() {
  local program=$1 sudo=()
  shift
  command -v apt-get >/dev/null || return 1
  if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || return 1
    sudo=(sudo -n)
  fi
  printf 'Installing %s (for %s)\n' "$*" "$program" >&2
  if [ -z "${APT_UPDATED:-}" ]; then
    "${sudo[@]}" apt-get update -qq >&2 || true
    APT_UPDATED=1
  fi
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2 </dev/null
}

docker_answers() {
  if [ -z "${DOCKER_ANSWERS:-}" ]; then
    DOCKER_ANSWERS=no
    command -v docker >/dev/null && timeout 5 docker version --format '{{.Server.Version}}' >/dev/null 2>&1 && DOCKER_ANSWERS=yes
  fi
  [ "$DOCKER_ANSWERS" = yes ]
}

missing_server() { # name, variable, program, package
  die "This needs $1 and found none. Give it one of these four ways:
1. Set $2 to the connection string of a server that may be written to.
2. Start a Docker engine; a container is then started by itself.
3. Put the program '$3' on PATH; it is started on a free loopback port in a temporary folder.
4. Install it: sudo apt-get install -y $4   (as root, or with passwordless sudo, that happens by itself)"
}

free_port() { # sets PORT
  while :; do
    PORT=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null || return 0
  done
}

# The command that runs a server: never as root, and ended by the kernel when this script is killed.
unprivileged() { # sets AS_USER
  AS_USER=()
  command -v setpriv >/dev/null || { [ "$(id -u)" != 0 ] && return; die "As root, setpriv (package util-linux) is needed to run servers as another user."; }
  AS_USER=(setpriv --pdeathsig INT)
  if [ "$(id -u)" = 0 ]; then
    local user=postgres
    id -u "$user" >/dev/null 2>&1 || user=nobody
    AS_USER+=(--reuid="$(id -u "$user")" --regid="$(id -g "$user")" --clear-groups)
    chown "$user" "$1"
  fi
}

server_folder() { # name; sets FOLDER
  FOLDER=$SERVERS_FOLDER/$1
  mkdir -p "$FOLDER"
  unprivileged "$FOLDER"
}

launch() { # log, command …; sets SERVER_PID
  local log=$1
  shift
  "${AS_USER[@]}" "$@" >>"$log" 2>&1 </dev/null &
  SERVER_PID=$!
  SERVER_PIDS+=("$SERVER_PID")
}

launch_container() { # port, container port, image and command …; sets SERVER_CONTAINER
  local port=$1 inner=$2
  shift 2
  SERVER_CONTAINER=$(docker run -d -p "127.0.0.1:$port:$inner" "$@") || die "The Docker engine answers, but could not run: $*"
  SERVER_CONTAINERS+=("$SERVER_CONTAINER")
}

await_server() { # name, log, command …
  local name=$1 log=$2 attempt
  shift 2
  for attempt in $(seq 300); do
    "$@" >/dev/null 2>&1 && return
    if [ -n "${SERVER_PID:-}" ] && ! kill -0 "$SERVER_PID" 2>/dev/null; then break; fi
    sleep 0.1
  done
  [ -f "$log" ] && tail -n 20 "$log" >&2
  die "$name did not start."
}

port_answers() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

start_postgres() {
  SERVER_PID=
  if [ -n "${FRAISEQL_TEST_PG:-}" ]; then
    PG_CONNECTION=$FRAISEQL_TEST_PG
    need_program psql postgresql-client || missing_server "psql" FRAISEQL_TEST_PG psql postgresql-client
    return
  fi

  free_port
  if docker_answers; then
    launch_container "$PORT" 5432 -e POSTGRES_PASSWORD=postgres postgres:17-alpine -c wal_level=logical -c max_connections=200
    PG_CONNECTION="Host=127.0.0.1;Port=$PORT;Username=postgres;Password=postgres;Database=postgres"
    PG_CONTAINER=$SERVER_CONTAINER
    # The image starts once without TCP to create its database: only an answer over TCP is the real start.
    await_server PostgreSQL "" docker exec "$PG_CONTAINER" pg_isready -q -h 127.0.0.1 -U postgres
    return
  fi

  need_program initdb postgresql || missing_server PostgreSQL FRAISEQL_TEST_PG initdb postgresql
  local bin
  bin=$(dirname "$(find_program initdb)")
  server_folder postgres
  "${AS_USER[@]}" "$bin/initdb" -D "$FOLDER/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$SERVERS_FOLDER/initdb.log" 2>&1 </dev/null \
    || { cat "$SERVERS_FOLDER/initdb.log" >&2; die "initdb failed."; }
  launch "$SERVERS_FOLDER/postgres.log" "$bin/postgres" -D "$FOLDER/data" -p "$PORT" -h 127.0.0.1 -k "" \
    -c wal_level=logical -c max_connections=200 -c max_prepared_transactions=20
  PG_CONNECTION="Host=127.0.0.1;Port=$PORT;Username=postgres;Database=postgres"
  await_server PostgreSQL "$SERVERS_FOLDER/postgres.log" pg_sql "SELECT 1"
}

pg_field() { # key of PG_CONNECTION, default
  local value
  value=$(printf '%s' "$PG_CONNECTION" | tr ';' '\n' | sed -nE "s/^[[:space:]]*($1)[[:space:]]*=//Ip" | tail -n 1)
  printf '%s' "${value:-$2}"
}

pg_sql() { # [-d database] SQL
  local database
  database=$(pg_field 'Database|DB' postgres)
  if [ "$1" = -d ]; then
    database=$2
    shift 2
  fi
  local run=(env PGPASSWORD="$(pg_field 'Password|Pwd' '')" "$(find_program psql || true)" -h "$(pg_field 'Host|Server' 127.0.0.1)" -p "$(pg_field Port 5432)")
  [ -n "${PG_CONTAINER:-}" ] && run=(docker exec -i "$PG_CONTAINER" psql)
  "${run[@]}" -U "$(pg_field 'Username|User ID|User' postgres)" -d "$database" -X -q -A -t -v ON_ERROR_STOP=1 -c "$1" </dev/null
}

start_redis() {
  SERVER_PID=
  if [ -n "${FRAISEQL_TEST_REDIS:-}" ]; then
    REDIS_CONNECTION=$FRAISEQL_TEST_REDIS
    return
  fi

  if [ -n "${REDIS_CONTAINER:-}" ]; then
    docker start "$REDIS_CONTAINER" >/dev/null
    await_server Redis "" docker exec "$REDIS_CONTAINER" redis-cli ping
    return
  fi

  [ -n "${REDIS_PORT:-}" ] || { free_port; REDIS_PORT=$PORT; }
  REDIS_CONNECTION="127.0.0.1:$REDIS_PORT"
  if docker_answers; then
    launch_container "$REDIS_PORT" 6379 redis:7-alpine redis-server --save "" --appendonly no
    REDIS_CONTAINER=$SERVER_CONTAINER
    await_server Redis "" docker exec "$REDIS_CONTAINER" redis-cli ping
    return
  fi

  need_program redis-server redis-server || missing_server Redis FRAISEQL_TEST_REDIS redis-server redis-server
  server_folder redis
  launch "$SERVERS_FOLDER/redis.log" "$(find_program redis-server)" --port "$REDIS_PORT" --bind 127.0.0.1 --dir "$FOLDER" --save "" --appendonly no
  REDIS_PID=$SERVER_PID
  await_server Redis "$SERVERS_FOLDER/redis.log" port_answers "$REDIS_PORT"
}

stop_redis() {
  if [ -n "${REDIS_CONTAINER:-}" ]; then
    docker stop -t 1 "$REDIS_CONTAINER" >/dev/null
  elif [ -n "${REDIS_PID:-}" ]; then
    kill -INT "$REDIS_PID"
    wait "$REDIS_PID" 2>/dev/null || true
    local kept=() pid
    for pid in "${SERVER_PIDS[@]}"; do
      [ "$pid" = "$REDIS_PID" ] || kept+=("$pid")
    done
    SERVER_PIDS=("${kept[@]}")
    REDIS_PID=
  else
    die "A Redis given by FRAISEQL_TEST_REDIS is not stopped."
  fi
}

start_memcached() {
  SERVER_PID=
  if [ -n "${FRAISEQL_TEST_MEMCACHED:-}" ]; then
    MEMCACHED_CONNECTION=$FRAISEQL_TEST_MEMCACHED
    return
  fi

  free_port
  MEMCACHED_CONNECTION="127.0.0.1:$PORT"
  if docker_answers; then
    launch_container "$PORT" 11211 memcached:1.6-alpine
    await_server Memcached "" port_answers "$PORT"
    return
  fi

  need_program memcached memcached || missing_server Memcached FRAISEQL_TEST_MEMCACHED memcached memcached
  server_folder memcached
  launch "$SERVERS_FOLDER/memcached.log" "$(find_program memcached)" -p "$PORT" -U 0 -l 127.0.0.1
  await_server Memcached "$SERVERS_FOLDER/memcached.log" port_answers "$PORT"
}

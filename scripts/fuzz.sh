#!/usr/bin/env bash
# Runs every fuzz target of the module for a short while: scripts/fuzz.sh 5s
#
# Go before 1.27 now and then reports the end of -fuzztime itself as a failure, "context deadline exceeded", without any input
# (golang/go#75804), the more so on a crowded machine. Such a run has found nothing, and is made again, up to four times; everything
# else fails at once. What a run printed is shown when it is known which of the two it was.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-5s}
failed=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

fuzz() { go test -run '^$' -fuzz "^$2\$" -fuzztime "$time" -fuzzminimizetime 10x -parallel 2 "$1" >"$out" 2>&1; }

# only_the_deadline tells that nothing but the deadline was complained about.
only_the_deadline() {
	grep -q '^ *context deadline exceeded$' "$out" && ! grep -qiE 'failing input|panic:|panicked|race detected|_test\.go:|fatal error' "$out"
}

while IFS=: read -r file name; do
	pkg=./$(dirname "$file")
	echo "fuzz $pkg $name"
	for again in 1 2 3 4 5; do
		if fuzz "$pkg" "$name"; then
			tail -n 2 "$out"
			continue 2
		fi
		only_the_deadline || break
		echo "fuzz $pkg $name: Go's own deadline alone was reported (run $again)"
	done
	cat "$out"
	failed=1
done < <(grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sed -e 's/^\.\///' -e 's/func //')
exit $failed

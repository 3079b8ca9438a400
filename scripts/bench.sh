#!/usr/bin/env bash
# Measures what docs/performance.md lists and prints one table, the machine's own baseline beside each figure:
#
#   scripts/bench.sh
#
# Needs Go, bash and coreutils. Prices are the real ones where OMC_SHARED has them and simulated ones otherwise; PostgreSQL is
# OMC_TEST_DATABASE_URL, or a throwaway server of testenv.sh, or left out. What is left out is said. Nothing is asserted.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

if [ -z "${OMC_TEST_DATABASE_URL:-}" ] && [ -z "${OMC_BENCH_INNER:-}" ]; then
	OMC_BENCH_INNER=1 exec scripts/testenv.sh run -- "$0"
fi

GO=${GO:-go}
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
failed=0

# measure PACKAGE PATTERN BENCHTIME: runs the benchmarks of one package and keeps what they print.
measure() {
	echo "bench: $1 $2" >&2
	if ! "$GO" test "$1" -run '^$' -bench "$2" -benchtime "$3" -timeout 10m >"$out.1" 2>&1; then
		failed=1
		tail -n 20 "$out.1" >&2
	fi
	cat "$out.1" >>"$out"
	rm -f "$out.1"
}

measure ./internal/backtest '^Benchmark(Baseline|EngineGo|EngineIdle|Backtest)$' 5x
measure ./internal/strategy '^Benchmark(StarlarkOnBar|GoOnBar|StarlarkBacktest|Starlark(Crowded|Free)|GoBacktest)$' 5x
measure ./internal/indicator '^BenchmarkSeries$' 200x
measure ./internal/learn '^Benchmark(Boost|Predict)$' 1x
measure ./internal/evidence '^Benchmark(Overfitting|RandomEntries)$' 3x
measure ./internal/sandbox '^Benchmark(Cold|Warm)$' 30x
measure ./internal/sandbox '^BenchmarkSandboxed$' 3x
measure ./internal/store '^BenchmarkAppendBars$' 3x
measure ./internal/store '^BenchmarkPriceBars$/^year$' 5x
measure ./internal/store '^BenchmarkLedgers$' 1x
measure ./internal/source/candlefile '^BenchmarkRead$' 3x
measure ./tui '200x50' 200x
measure ./tui/widget '200x50' 200x
measure ./cmd/omc '^BenchmarkProcess$' 5x

# figure NAME UNIT: the value that benchmark NAME gave in UNIT, or nothing.
figure() {
	while read -r -a f; do
		[[ ${f[0]:-} == "$1" || ${f[0]:-} == "$1"-+([0-9]) ]] || continue
		for ((i = 3; i < ${#f[@]}; i += 1)); do
			if [ "${f[i]}" = "$2" ]; then echo "${f[i - 1]}"; return; fi
		done
	done <"$out"
}
shopt -s extglob

plain() { # 1.5e+06 and 1961886.3 both as a whole number with commas, small ones with two decimals
	local v
	[ -n "$1" ] || { echo "-"; return; }
	if [[ $(LC_ALL=C printf '%.0f' "$1") -ge 100 ]]; then
		v=$(LC_ALL=C printf '%.0f' "$1")
		while [[ $v =~ ^([0-9]+)([0-9]{3}.*)$ ]]; do v="${BASH_REMATCH[1]},${BASH_REMATCH[2]}"; done
		echo "$v"
	else
		LC_ALL=C printf '%.2f\n' "$1"
	fi
}

ratio() { # how many times the second is of the first, whole numbers only
	local a b
	[ -n "$1" ] && [ -n "$2" ] || { echo "-"; return; }
	a=$(LC_ALL=C printf '%.0f' "$1") b=$(LC_ALL=C printf '%.3f' "$2")
	b=${b/./}
	[ "$a" -gt 0 ] || { echo "-"; return; }
	a=$((b / a))
	printf '%d.%03d\n' $((a / 1000)) $((a % 1000))
}

row() { printf '%-46s %14s %-7s %9s  %s\n' "$1" "$(plain "$2")" "$3" "$4" "$5"; }
memory() { [ -n "$1" ] && printf '%s MB peak' "$(plain "$1")"; }

prices="not known, the runs failed"
grep -q 'prices: real' "$out" && prices=real
grep -q 'prices: simulated' "$out" && prices="simulated (no shared data here)"
echo
echo "prices of the whole-process runs: $prices, BTC/USDT 5m"
grep -q '^Benchmark.*/postgres' "$out" || echo "PostgreSQL: none here, its figures are left out"
echo
printf '%-46s %14s %-7s %9s  %s\n' "what" "measured" "unit" "aim" "beside it"
printf '%.0s-' {1..110}
echo

base=$(figure BenchmarkBaseline bars/s)
go=$(figure BenchmarkEngineGo bars/s)
star=$(figure BenchmarkStarlarkBacktest bars/s)
gobt=$(figure BenchmarkGoBacktest bars/s)
native=$(figure BenchmarkGoOnBar bars/s)
host=$(figure BenchmarkStarlarkOnBar bars/s)
row "baseline: sum the same closes" "$base" bars/s "" ""
row "engine, a strategy that does nothing" "$(figure BenchmarkEngineIdle bars/s)" bars/s "" "$(ratio "$base" "$(figure BenchmarkEngineIdle bars/s)") of the baseline"
row "engine, EMA cross in Go" "$go" bars/s "2 M" "$(ratio "$base" "$go") of the baseline"
row "backtest with all figures, Go" "$(figure BenchmarkBacktest bars/s)" bars/s "" "$(ratio "$base" "$(figure BenchmarkBacktest bars/s)") of the baseline"
row "baseline: EMA cross in Go, no engine" "$native" bars/s "" ""
row "Starlark EMA cross, no engine" "$host" bars/s "" "$(ratio "$native" "$host") of the baseline"
row "baseline: the same backtest, strategy in Go" "$gobt" bars/s "" ""
row "backtest with all figures, Starlark" "$star" bars/s "300 k" "$(ratio "$gobt" "$star") of the baseline, $(plain "$(figure BenchmarkStarlarkBacktest refused/run)") orders refused a run"
for name in Free Crowded; do
	row "the same, ${name,,}" "$(figure BenchmarkStarlark$name bars/s)" bars/s "$([ $name = Crowded ] && echo "300 k")" "$(plain "$(figure BenchmarkStarlark$name refused/run)") orders refused a run"
done
for kind in walk crowded; do
	here=$(figure BenchmarkSandboxed/$kind/here bars/s)
	row "baseline: a backtest here, 400,000 bars, $kind" "$here" bars/s "" ""
	row "the same in a child, bars sent" "$(figure BenchmarkSandboxed/$kind/child bars/s)" bars/s "$([ $kind = walk ] && echo "1 M")" "$(ratio "$here" "$(figure BenchmarkSandboxed/$kind/child bars/s)") of the baseline"
	row "the same in a child again" "$(figure BenchmarkSandboxed/$kind/again bars/s)" bars/s "" "$(ratio "$here" "$(figure BenchmarkSandboxed/$kind/again bars/s)") of the baseline"
done
row "sandbox: from nothing to a first answer" "$(figure BenchmarkCold ms/start)" ms "30" ""
row "sandbox: a first answer of a child that waits" "$(figure BenchmarkWarm ms/start)" ms "1" ""
copied=$(figure BenchmarkSeries/copy Mbars/s)
row "baseline: copy 100,000 values one by one" "$copied" "M/s" "" ""
# Beside them TA-Lib 0.4 in C (gcc -O2) where docs/performance.md was measured.
for pair in "sma 615" "ema 410" "rsi 146" "macd 70" "bollinger 165" "atr 166"; do
	read -r name there <<<"$pair"
	row "whole series: $name" "$(figure "BenchmarkSeries/$name" Mbars/s)" "M/s" "$there" "$(ratio "$copied" "$(figure "BenchmarkSeries/$name" Mbars/s)") of the baseline"
done
fixed=$(figure BenchmarkBoost ms/loop)
row "boosted trees, 100,000 x 30, 100 rounds" "$(figure BenchmarkBoost ms/best)" ms "2,400" "${fixed:+a fixed loop $(plain "$fixed") ms; AUC $(figure BenchmarkBoost AUC)}"
row "prediction with them" "$(figure BenchmarkPredict Mrows/s)" "M/s" "1" ""
ns=$(figure BenchmarkOverfitting ns/op)
row "PBO, 12,870 splits x 100 x 1,000" "${ns:+$(LC_ALL=C printf '%.2f' "$(LC_ALL=C printf '%.0f' "$ns")e-6")}" ms "1,000" ""
row "read candle file (csv.gz)" "$(figure BenchmarkRead rows/s)" rows/s "" ""
for kind in sqlite postgres; do
	aim="300 k"
	[ $kind = postgres ] && aim="200 k"
	row "append to $kind" "$(figure BenchmarkAppendBars/$kind rows/s)" rows/s "$aim" ""
	row "omc data import, $kind" "$(figure BenchmarkProcess/import/$kind rows/s)" rows/s "$aim" "$(memory "$(figure BenchmarkProcess/import/$kind peak-MB)")"
	ns=$(figure BenchmarkPriceBars/year/$kind ns/op)
	row "read one year of one coin, $kind" "${ns:+$(LC_ALL=C printf '%.2f' "$(LC_ALL=C printf '%.0f' "$ns")e-6")}" ms "" ""
	row "omc data export, one year, $kind" "$(figure BenchmarkProcess/year/$kind median-ms)" ms "" "$(memory "$(figure BenchmarkProcess/year/$kind peak-MB)")"
	row "omc algo optimize, 105 points x 100,000 bars, $kind" "$(figure BenchmarkProcess/grid/$kind median-ms)" ms "1,000" ""
	row "omc algo backtest, all bars, $kind" "$(figure BenchmarkProcess/backtest/$kind median-ms)" ms "2,000" "$(memory "$(figure BenchmarkProcess/backtest/$kind peak-MB)")"
done
row "baseline: a Go program that does nothing" "$(figure BenchmarkProcess/trivial median-ms)" ms "" "$(memory "$(figure BenchmarkProcess/trivial peak-MB)")"
row "omc version" "$(figure BenchmarkProcess/version median-ms)" ms "30" "$(memory "$(figure BenchmarkProcess/version peak-MB)")"
while read -r name _; do
	[[ $name == BenchmarkLedgers/* ]] || continue
	name=${name%-+([0-9])}
	row "ask: ${name#BenchmarkLedgers/} (p99)" "$(figure "$name" p99-ms)" ms "$(plain "$(figure "$name" aim-ms)")" "p50 $(plain "$(figure "$name" p50-ms)") ms"
done <"$out"
frames=$(while read -r name _; do [[ $name == Benchmark*200x50* ]] && echo "${name%-+([0-9])}"; done <"$out")
for name in $frames; do
	ns=$(figure "$name" ns/op)
	row "TUI 200x50: ${name#Benchmark}" "${ns:+$(LC_ALL=C printf '%.3f' "${ns}e-6")}" ms "" ""
done
[ -n "$frames" ] || echo "TUI: no frame was measured"
exit $failed

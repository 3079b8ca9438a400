package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/evidence"
	"github.com/ohmycoins/omc/internal/verdict"
)

// noiseFile writes days of a market that nobody can know anything about: a geometric random walk without drift, 3 % a day.
func noiseFile(t *testing.T, path string, seed uint64, days int) {
	t.Helper()
	g := evidence.NewSplitMix(seed)
	var b bytes.Buffer
	b.WriteString("time,open,high,low,close,volume\n")
	price := 100.0
	for d := range days {
		open := price
		price *= math.Exp(0.03 * g.Normal())
		high, low := math.Max(open, price)*(1+0.01*g.Uniform()), math.Min(open, price)*(1-0.01*g.Uniform())
		fmt.Fprintf(&b, "%d,%.6f,%.6f,%.6f,%.6f,%d\n", 1_577_836_800+d*86_400, open, high, low, price, 1_000_000)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Campaigns over noise, run as a person would: a hundred points searched, the best one validated with its look at the hold-out. The search finds
// something every time; the gate's statistics let none of it through. `make eval-gate` runs forty, the suite two.
func TestNoiseThroughTheCommandLine(t *testing.T) {
	t.Parallel()
	campaigns := 2
	if os.Getenv("OMC_EVAL_GATE") != "" {
		campaigns = 40
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	promoted, lured := 0, 0
	for seed := range campaigns {
		dir := t.TempDir()
		omc := func(args ...string) []byte {
			t.Helper()
			cmd := exec.Command(self, args...)
			cmd.Args[0] = "omc" // the test's main is omc under that name
			cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "OMC_DATA_DIR=" + filepath.Join(dir, "data"), "NO_COLOR=1", "OMC_ROLES=lab,floor"}
			var out, errs bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &errs
			if err := cmd.Run(); err != nil {
				t.Fatalf("omc %v: %v\n%s", args, err, errs.String())
			}
			return out.Bytes()
		}
		file := filepath.Join(dir, "noise.csv")
		noiseFile(t, file, uint64(seed+1), 1000)
		omc("data", "import", file, "--coin", "NOISE", "--quote", "USDT", "--interval", "1d")
		var found api.Optimization
		if err := json.Unmarshal(omc("algo", "optimize", "ema-cross", "--market", "NOISE/USDT", "--interval", "1d", "--over", "fast=3:21:2", "--over", "slow=25:70:5", "--test", "0", "-o", "json"), &found); err != nil {
			t.Fatal(err)
		}
		if len(found.Points) != 100 || found.Best == nil || found.Trials < 100 {
			t.Fatalf("%d points, %d trials, best %+v", len(found.Points), found.Trials, found.Best)
		}
		if found.Best.Sharpe != nil && *found.Best.Sharpe > 0.5 {
			lured++
		}
		args := []string{"algo", "validate", "ema-cross", "--market", "NOISE/USDT", "--interval", "1d", "--accept-risk=holdout", "-o", "json"}
		for name, value := range found.Best.Params {
			args = append(args, "--param", fmt.Sprintf("%s=%g", name, value))
		}
		var v api.Validation
		if err := json.Unmarshal(omc(args...), &v); err != nil {
			t.Fatal(err)
		}
		var b verdict.Bundle
		if err := json.Unmarshal(v.Bundle, &b); err != nil {
			t.Fatal(err)
		}
		if b.Inputs.Trials < 103 || b.Findings.Overfit == nil || b.Findings.Overfit.Compared < 100 || b.Findings.Holdout == nil {
			t.Fatalf("%d trials, overfit %+v, missing %v", b.Inputs.Trials, b.Findings.Overfit, b.Findings.Missing)
		}
		refused := map[string]bool{}
		for _, r := range b.Live.Reasons {
			refused[r.Code] = !r.Passed && !r.Advisory
		}
		if !refused[verdict.CodeDeflated] && !refused[verdict.CodeOverfit] {
			promoted++
			t.Logf("campaign %d: DSR %.3f, PBO %.3f", seed+1, b.Findings.Deflated.DSR, b.Findings.Overfit.PBO)
		}
	}
	t.Logf("%d campaigns of noise: the best point looks good (an annual Sharpe ratio above 0.5) in %d, the gate's statistics pass %d", campaigns, lured, promoted)
	if float64(promoted) > 0.01*float64(campaigns) {
		t.Errorf("%d of %d campaigns of noise pass", promoted, campaigns)
	}
}

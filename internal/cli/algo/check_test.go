package algo_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/cli"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/iostreams"
)

// A finding is told and fails the command, so that a script stops there; none does not.
func TestCheckFailsWithAFinding(t *testing.T) {
	t.Parallel()
	for passed, code := range map[bool]int{true: 0, false: 1} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || r.URL.Path != "/api/v1/algo/check" {
				t.Errorf("%s %s", r.Method, r.URL)
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"finding":{"code":"no_look_ahead","passed":%t,"text":"at the bar that closed then"},"bars":9,"cuts":3,"lines":2}`, passed)
		}))
		t.Cleanup(srv.Close)
		var out, errs bytes.Buffer
		f := &factory.Factory{IO: &iostreams.IO{In: strings.NewReader(""), Out: &out, Err: &errs}, Environ: []string{"HOME=" + t.TempDir(), "OMC_HOST=" + srv.URL}}
		if got := cli.Run(t.Context(), f, []string{"algo", "check", "ema-cross"}); got != code {
			t.Errorf("a check that passed %t ends with %d: %s%s", passed, got, &out, &errs)
		}
		if text := out.String(); !strings.Contains(text, "at the bar that closed then") || strings.HasPrefix(text, "FINDING: ") == passed {
			t.Errorf("passed %t: %q", passed, text)
		}
	}
}

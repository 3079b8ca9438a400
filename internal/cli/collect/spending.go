package collect

import (
	"fmt"
	"strconv"

	"github.com/ohmycoins/omc/internal/api"
)

// spending are the lines on what a collector that asks a model has cost today.
func spending(s *api.Spending) [][2]string {
	if s == nil {
		return nil
	}
	usd := s.USD + " of " + s.MostUSD
	if !s.Priced {
		usd = "unknown: set llm.providers.openai.usd_per_mtok_in and usd_per_mtok_out; until then only requests and tokens bound it"
	}
	return [][2]string{{"day", s.Day + " (UTC)"}, {"spent_requests", fmt.Sprintf("%d of %d", s.Requests, s.MostRequests)}, {"spent_tokens", fmt.Sprintf("%d of %d", s.Tokens, s.MostTokens)},
		{"spent_usd", usd}, {"rescored", strconv.FormatInt(s.Rescored, 10)}, {"rejected", strconv.FormatInt(s.Rejected, 10)}}
}

package listing

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// Binance's catalogues of announcements.
const (
	newListings = 48
	delistings  = 161 // its number is from memory, and not recorded
)

// maxArticles bounds a page; Binance gives at most 50.
const maxArticles = 500

// articles is a page of a catalogue.
type articles struct {
	events         []ledger.Event
	rejects        []ledger.Reject
	rows           int
	newest, oldest time.Time // of its readable rows
}

var (
	articleID   = lazy(`^[0-9A-Za-z-]{1,64}$`)
	articleCode = lazy(`^[0-9A-Za-z-]{8,80}$`)
)

// decodeArticles reads a page of a catalogue. Without a catalogue Binance answers with all of them, and only the one asked for counts.
func decodeArticles(body []byte, catalog int, now time.Time) (articles, error) {
	var env struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Success *bool  `json:"success"`
		Data    *struct {
			Catalogs []struct {
				ID       int               `json:"catalogId"`
				Articles []json.RawMessage `json:"articles"`
			} `json:"catalogs"`
		} `json:"data"`
	}
	err := json.Unmarshal(body, &env)
	switch {
	case err != nil:
		return articles{}, fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	case env.Code != "000000" && env.Code != "" || env.Success != nil && !*env.Success:
		return articles{}, fmt.Errorf("%w: code %s: %s", upstream.ErrUnavailable, upstream.Text(env.Code), upstream.Text(env.Message))
	case env.Data == nil:
		return articles{}, fmt.Errorf("%w: no data", upstream.ErrMalformed)
	}
	for _, c := range env.Data.Catalogs {
		if c.ID != catalog {
			continue
		}
		if len(c.Articles) > maxArticles {
			return articles{}, fmt.Errorf("%w: %d articles on a page", upstream.ErrMalformed, len(c.Articles))
		}
		return readArticles(c.Articles, catalog, now), nil
	}
	return articles{}, fmt.Errorf("%w: no catalogue %d", upstream.ErrMalformed, catalog)
}

func readArticles(rows []json.RawMessage, catalog int, now time.Time) articles {
	out := articles{rows: len(rows)}
	seen := map[string]bool{}
	for _, raw := range rows {
		e, err := decodeArticle(raw, catalog, now)
		if err != nil {
			out.rejects = append(out.rejects, ledger.Reject{Reason: upstream.Text(err.Error()), Bytes: raw})
			continue
		}
		if e.Time.After(out.newest) {
			out.newest = e.Time
		}
		if out.oldest.IsZero() || e.Time.Before(out.oldest) {
			out.oldest = e.Time
		}
		if !seen[e.ID] {
			seen[e.ID] = true
			out.events = append(out.events, e)
		}
	}
	return out
}

func decodeArticle(raw []byte, catalog int, now time.Time) (ledger.Event, error) {
	var a struct {
		ID    json.RawMessage `json:"id"` // a number, in some captures a text
		Code  string          `json:"code"`
		Title string          `json:"title"`
		Date  json.Number     `json:"releaseDate"`
	}
	if err := json.Unmarshal(raw, &a); err != nil {
		return ledger.Event{}, fmt.Errorf("article: %w", err)
	}
	id := strings.Trim(string(a.ID), `"`)
	if !articleID().MatchString(id) || id == "null" {
		return ledger.Event{}, fmt.Errorf("article id %.40q is none", id)
	}
	ms, err := a.Date.Int64()
	if err != nil || ms <= 0 || ms > 1e14 {
		return ledger.Event{}, fmt.Errorf("article %s: releaseDate %.40q is no time in milliseconds", id, a.Date)
	}
	e := ledger.Event{ID: id, Source: "binance", Time: time.UnixMilli(ms).UTC(), Title: source.PlainText(a.Title, source.MaxTitle),
		Facts: map[string]string{"venue": "binance", "catalog": fmt.Sprint(catalog)}}
	if err := source.Past(e.Time, now); err != nil {
		return ledger.Event{}, fmt.Errorf("article %s: %w", id, err)
	}
	if e.Title == "" {
		return ledger.Event{}, fmt.Errorf("article %s has no title", id)
	}
	if articleCode().MatchString(a.Code) {
		e.URL = "https://www.binance.com/en/support/announcement/" + a.Code
	}
	e.Type, e.Coins = titleType(e.Title, catalog), titleCoins(e.Title)
	return e, nil
}

// titleType: the catalogues hold more than their names say: airdrops, futures, savings.
func titleType(title string, catalog int) string {
	t := strings.ToLower(title)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(t, w) })
	}
	switch {
	case has("delist", "removal of", "will remove", "cease trading"):
		return ledger.EventDelisting
	case has("futures", "margin", "perpetual", "options", "airdrop", "earn", "loan", "convert", "buy crypto"):
		return ledger.EventAnnounce
	case catalog == newListings && has("will list", " lists ", "listing of", "new trading pairs"):
		return ledger.EventListing
	}
	return ledger.EventAnnounce
}

var (
	parenthesis = lazy(`\(([^()]{1,60})\)`)
	willDelist  = lazy(`(?i)\bwill delist ([0-9A-Za-z]{1,20}(?:(?:,| and|, and|&| &) ?[0-9A-Za-z]{1,20}){0,30}) on \d{4}-\d\d-\d\d`)
	separator   = lazy(`(?:,|&| and )+`)
	tickerShape = lazy(`^[0-9]{0,7}[A-Z][A-Z0-9]{1,11}$`)
)

// maxTagged bounds the coins of one title.
const maxTagged = 40

// titleCoins are the tickers that a title certainly names: in parentheses, or between "Will Delist" and a day.
func titleCoins(title string) []market.Coin {
	var out []market.Coin
	add := func(text string) {
		for _, word := range separator().Split(text, -1) {
			word = strings.TrimSpace(word)
			if coin, err := market.ParseCoin(word); err == nil && tickerShape().MatchString(word) && !notCoin(word) && len(out) < maxTagged {
				out = append(out, coin)
			}
		}
	}
	for _, m := range parenthesis().FindAllStringSubmatch(title, -1) {
		add(m[1])
	}
	if m := willDelist().FindStringSubmatch(title); m != nil {
		add(m[1])
	}
	return ledger.Merge(nil, out)
}

// notCoin reports what stands in parentheses in capitals and is no ticker.
func notCoin(word string) bool {
	switch word {
	case "UTC", "API", "APR", "APY", "ETF", "ETP", "EEA", "EU", "UK", "US", "USA", "USDM", "COINM", "VIP", "P2P", "FAQ", "OTC", "ID", "KYC", "NFT", "WOTD", "AMA", "TGE", "II", "III", "IV":
		return true
	}
	return false
}

package coinmetrics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

const (
	pageRows = 1_000
	perPoll  = 20     // requests for metrics
	enough   = 20_000 // records of a poll, after which the next one goes on
	maxBody  = 16 << 20
	revised  = 7 * day
)

// state is the cursor.
type state struct {
	Want   string                `json:"want"` // the settings it was made under
	Assets map[string]assetState `json:"assets"`
}

// assetState is how far an asset has been read.
type assetState struct {
	Learned time.Time `json:"learned"`           // when its part of the catalog was read
	Metrics []string  `json:"metrics"`           // free ones
	Asked   time.Time `json:"asked"`             // when its last page was asked for, with or without success
	Newest  time.Time `json:"newest,omitzero"`   // newest day that has landed
	Start   time.Time `json:"start,omitzero"`    // of the stretch that is being read; zero: all
	Token   string    `json:"token,omitempty"`   // of its next page
	Whole   bool      `json:"whole,omitempty"`   // its history has been read once
	Refused bool      `json:"refused,omitempty"` // until the catalog is read again
}

// poll is one poll.
type poll struct {
	c   *Client
	now time.Time
	old time.Duration // from which on what was read is due again
	st  state
	out source.Harvest
}

// begin reads a cursor, which may be anything. One that was made under other settings is of no use.
func (c *Client) begin(ctx context.Context, cursor []byte) *poll {
	p := &poll{c: c, now: c.clock.Now(), old: source.EachOf(ctx, every) / 2}
	if source.IsByHand(ctx) {
		p.old = time.Millisecond // all of it, once
	}
	metrics := make([]string, 0, len(c.metrics))
	for m := range c.metrics {
		metrics = append(metrics, m)
	}
	slices.Sort(metrics)
	want := strings.Join(c.assets, ",") + " " + strings.Join(metrics, ",")
	if json.Unmarshal(cursor, &p.st) != nil || p.st.Want != want || p.st.Assets == nil {
		p.st = state{Assets: map[string]assetState{}}
	}
	p.st.Want = want
	for name, a := range p.st.Assets {
		if !a.valid(p.now) || !c.knows(name, a.Metrics) {
			p.st = state{Want: want, Assets: map[string]assetState{}}
			break
		}
	}
	return p
}

func (a assetState) valid(now time.Time) bool {
	known := !a.Newest.IsZero()
	return !a.Learned.After(now) && !a.Asked.After(now) && !a.Newest.After(now.Add(day)) && (!known || a.Newest.After(ledger.Earliest)) && (known || !a.Whole && a.Start.IsZero()) &&
		!a.Start.After(a.Newest) && len(a.Token) <= maxToken
}

func (c *Client) knows(asset string, metrics []string) bool {
	for _, m := range metrics {
		if _, ok := c.metrics[m]; !ok {
			return false
		}
	}
	return slices.Contains(c.assets, asset)
}

// run reads the assets that are due, up to a number of requests. It stops at the first failure; what failed comes last the next time.
func (p *poll) run(ctx context.Context) error {
	for range perPoll {
		asset := p.due()
		if asset == "" || len(p.out.Metrics) >= enough {
			return nil
		}
		step := p.read
		if p.stale(asset) {
			step = p.learn
		}
		if err := step(ctx, asset); err != nil {
			return err
		}
	}
	return nil
}

// end makes the cursor. Once nothing is due, everything that was ever published is known.
func (p *poll) end(err error) (source.Harvest, error) {
	whole := true
	for _, name := range p.c.assets {
		a := p.st.Assets[name]
		nothing := len(a.Metrics) == 0 && !a.Learned.IsZero() // of it is free
		whole = whole && (a.Whole && !a.Refused || nothing)
	}
	due := p.due() != ""
	p.out.Again = due && err == nil
	if whole && !due && err == nil {
		p.out.Since = ledger.Earliest
	}
	p.out.Cursor, _ = json.Marshal(p.st) // times and texts always marshal
	return p.out, err
}

// stale reports that an asset's part of the catalog is to be read again.
func (p *poll) stale(asset string) bool { return p.now.Sub(p.st.Assets[asset].Learned) >= day }

// due is the asset that was asked for longest ago, "" where all have been of late. One whose next page waits counts as never asked for.
func (p *poll) due() string {
	out := ""
	for _, name := range p.c.assets {
		a := p.st.Assets[name]
		switch {
		case !p.stale(name) && (a.Refused || len(a.Metrics) == 0):
		case (p.stale(name) || p.now.Sub(a.Asked) >= p.old) && (out == "" || a.Asked.Before(p.st.Assets[out].Asked)):
			out = name
		}
	}
	return out
}

// learn reads an asset's part of the catalog. Where its free metrics have changed, it is read from the start.
func (p *poll) learn(ctx context.Context, asset string) error {
	a := p.st.Assets[asset]
	a.Learned = p.now
	free := map[string][]string{}
	q := url.Values{"assets": {asset}, "page_size": {"100"}, "paging_from": {"start"}}
	page, err := p.ask(ctx, "/catalog-v2/asset-metrics", q)
	switch {
	case errors.Is(err, errRefused):
		p.out.Rejects = reject(p.out.Rejects, []byte(asset), err)
		a.Refused = true
		p.st.Assets[asset] = a
		return nil
	case err != nil:
		failed := p.st.Assets[asset]
		p.failed(&failed)
		p.st.Assets[asset] = failed
		return p.c.up.Fail(err)
	}
	p.out.Rejects = append(p.out.Rejects, decodeCatalog(page.Data, p.c.metrics, free)...)
	if len(free[asset]) == 0 {
		p.out.Rejects = reject(p.out.Rejects, []byte(asset), fmt.Errorf("the catalog has no free daily metric of %s: see sources.coinmetrics.assets and .metrics", asset))
	}
	if a.Refused = false; !slices.Equal(a.Metrics, free[asset]) {
		a = assetState{Learned: p.now, Metrics: free[asset]}
	}
	p.st.Assets[asset] = a
	return nil
}

// read asks for a page of an asset: the next one of a stretch, or the first one of a new stretch, which begins a week before the newest
// day known, or at the beginning where history has not been read once. A page that cannot be had is asked for again, unless its token
// was refused: then its stretch begins anew.
func (p *poll) read(ctx context.Context, asset string) error {
	a := p.st.Assets[asset]
	if a.Token == "" && a.Whole {
		a.Start = a.Newest.Add(-revised)
	} else if a.Token == "" {
		a.Start, a.Newest = time.Time{}, time.Time{}
	}
	q := url.Values{"assets": {asset}, "metrics": {strings.Join(a.Metrics, ",")}, "frequency": {"1d"}, "page_size": {strconv.Itoa(pageRows)}, "paging_from": {"start"}}
	if !a.Start.IsZero() {
		q.Set("start_time", a.Start.Format(time.DateOnly))
	}
	if a.Token != "" {
		q.Set("next_page_token", a.Token)
	}
	a.Asked = p.now
	page, err := p.ask(ctx, "/timeseries/asset-metrics", q)
	if errors.Is(err, errRefused) {
		a.Refused, a.Token = a.Token == "", ""
	}
	if err == nil {
		err = p.take(asset, &a, page)
	}
	if err != nil && !a.Refused {
		p.failed(&a)
	}
	p.st.Assets[asset] = a
	return p.c.up.Fail(err)
}

// failed has an asset asked for again by the next poll, the last of those that are due.
func (p *poll) failed(a *assetState) { a.Asked = p.now.Add(-p.old) }

// take lands a page. One that has a next one must bring newer days, so that no two pages lead to each other for ever.
func (p *poll) take(asset string, a *assetState, page envelope) error {
	names := make([]name, len(a.Metrics))
	for i, m := range a.Metrics {
		names[i] = p.c.metrics[m]
	}
	rows, rejects, newest := decodeRows(page.Data, asset, names, p.now)
	p.out.Metrics, p.out.Rejects = append(p.out.Metrics, rows...), append(p.out.Rejects, rejects...)
	newer := newest.After(a.Newest)
	if newer {
		a.Newest = newest
	}
	a.Token = ""
	switch {
	case page.Next == "":
		a.Whole = !a.Newest.IsZero()
	case !newer:
		return fmt.Errorf("%w: a page of %s has a next one, and no newer day", upstream.ErrMalformed, asset)
	default:
		a.Token, a.Asked = page.Next, time.Time{}
	}
	return nil
}

// errRefused says that CoinMetrics itself, not something in between, will not answer this question.
var errRefused = errors.New("refused")

// ask makes one request. What cannot be read is an error, and a reject of its first bytes. A refusal is left to the caller to count as
// a failure or not.
func (p *poll) ask(ctx context.Context, path string, q url.Values) (envelope, error) {
	up := p.c.up
	a, err := up.Do(ctx, upstream.Request{Path: path, Query: q, MaxBody: maxBody,
		Own: []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusRequestURITooLong}})
	if err != nil {
		return envelope{}, err
	}
	if p.out.Read.IsZero() {
		p.out.Read = p.c.clock.Now()
	}
	if a.Status != http.StatusOK {
		if why, ok := decodeError(a.Body); ok {
			return envelope{}, fmt.Errorf("%w: http status %d: %w: %s", upstream.ErrUnavailable, a.Status, errRefused, why)
		}
		return envelope{}, up.Fail(fmt.Errorf("%w: http status %d", upstream.ErrUnavailable, a.Status))
	}
	page, err := decodePage(a.Body)
	if err != nil {
		p.out.Rejects = reject(p.out.Rejects, a.Body, fmt.Errorf("the answer to %s could not be read: %w", path, err))
		return envelope{}, up.Fail(fmt.Errorf("%w: %w", upstream.ErrMalformed, err))
	}
	return page, nil
}

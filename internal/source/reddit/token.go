package reddit

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

const (
	early      = time.Minute      // before its end a token is used no more
	refusalFor = 10 * time.Minute // how long an application that is refused is not tried again
)

// tokens gets the token of an application and keeps it in memory, nowhere else.
type tokens struct {
	up         *upstream.Client
	clock      clock.Clock
	id, secret string

	busy    chan struct{} // of one place: guards what follows, and waits no longer than its user
	token   string
	until   time.Time
	refusal error // why the application gets none, until then
}

func newTokens(up *upstream.Client, c clock.Clock, id, secret string) *tokens {
	return &tokens{up: up, clock: c, id: id, secret: secret, busy: make(chan struct{}, 1)}
}

// get returns a token that is not the refused one. A web page in place of one goes to h; nothing else does that may hold one.
func (t *tokens) get(ctx context.Context, refused string, h *source.Harvest) (string, error) {
	select {
	case t.busy <- struct{}{}:
	case <-ctx.Done():
		return "", t.up.Fail(fmt.Errorf("%w: wait for a token: %w", upstream.ErrUnavailable, ctx.Err()))
	}
	defer func() { <-t.busy }()
	now := t.clock.Now()
	if left := t.until.Sub(now); left > 0 && left <= 48*time.Hour {
		if t.refusal != nil {
			return "", t.refusal
		}
		if t.token != refused {
			return t.token, nil
		}
	}
	a, err := t.up.Do(ctx, upstream.Request{Method: http.MethodPost, Path: "/api/v1/access_token", Body: []byte("grant_type=client_credentials"),
		ContentType: "application/x-www-form-urlencoded", Repeatable: true, Own: []int{400, 401},
		Header: http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(t.id+":"+t.secret))}}})
	if _, err = heed(t.up, a, err); err != nil {
		if bytes.HasPrefix(bytes.TrimSpace(a.Body), []byte("<")) {
			h.Unread(a.Status, a.Body, "request for a token", err)
		}
		return "", err
	}
	token, lasts, err := decodeToken(a.Status, a.Body)
	t.token, t.until, t.refusal = token, now.Add(lasts-early), nil
	if err != nil {
		t.token, t.until, err = "", time.Time{}, t.up.Fail(err)
		if errors.Is(err, errRefused) {
			t.refusal, t.until = err, now.Add(refusalFor)
		}
	}
	return t.token, err
}

var errRefused = fmt.Errorf("%w: Reddit refuses the application", upstream.ErrUnavailable)

// decodeToken reads the answer to a request for a token, which is an error with the status 200 at times. Nothing of it goes into an
// error but the name of the refusal.
func decodeToken(status int, body []byte) (token string, lasts time.Duration, err error) {
	var a struct {
		Token string          `json:"access_token"`
		Type  string          `json:"token_type"`
		Lasts float64         `json:"expires_in"`
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(body, &a) != nil && status == http.StatusOK {
		return "", 0, fmt.Errorf("%w: the answer to the request for a token could not be read", upstream.ErrMalformed)
	}
	said := upstream.Text(strings.Trim(string(a.Error[:min(len(a.Error), 60)]), `"`))
	switch {
	case status == http.StatusUnauthorized || status == http.StatusBadRequest || status == http.StatusOK && said != "" && said != "null":
		return "", 0, fmt.Errorf("%w (http status %d, error %s); set it with %s", errRefused, status, said, keyLines)
	case status != http.StatusOK:
		return "", 0, fmt.Errorf("%w: no token: http status %d", upstream.ErrUnavailable, status)
	case a.Token == "" || len(a.Token) > 4096 || strings.Trim(a.Token, tokenLetters) != "" || !strings.EqualFold(a.Type, "bearer"):
		return "", 0, fmt.Errorf("%w: no token is in the answer to the request for one", upstream.ErrMalformed)
	case !(a.Lasts >= 2*early.Seconds() && a.Lasts <= 48*3600):
		return "", 0, fmt.Errorf("%w: the token would last %.20g seconds", upstream.ErrMalformed, a.Lasts)
	}
	return a.Token, time.Duration(a.Lasts * float64(time.Second)), nil
}

const tokenLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="

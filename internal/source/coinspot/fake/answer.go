package fake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

const coinNotFound = "Coin not found"

func (x *Exchange) buyPrice(w http.ResponseWriter, what []string, now time.Time) {
	x.rate(w, what, now, func(r rates) string { return r.buy })
}

func (x *Exchange) sellPrice(w http.ResponseWriter, what []string, now time.Time) {
	x.rate(w, what, now, func(r rates) string { return r.sell })
}

func (x *Exchange) rate(w http.ResponseWriter, what []string, now time.Time, of func(rates) string) {
	l := x.find(w, what, now, coinNotFound)
	if l == nil {
		return
	}
	rate := of(x.rated(l, now))
	if rate == "" {
		refuse(w, http.StatusBadRequest, coinNotFound)
		return
	}
	reply(w, http.StatusOK, map[string]any{"status": "ok", "message": "ok", "rate": rate, "market": l.market.String()})
}

func (x *Exchange) openOrders(w http.ResponseWriter, what []string, now time.Time) {
	if l := x.find(w, what, now, "Invalid market"); l != nil {
		orders(w, x.book(l, now))
	}
}

func (x *Exchange) completedOrders(w http.ResponseWriter, what []string, now time.Time) {
	if l := x.find(w, what, now, coinNotFound); l != nil {
		orders(w, x.completed(l, now))
	}
}

// summary is what was completed, of both sides in one list.
func (x *Exchange) summary(w http.ResponseWriter, what []string, now time.Time) {
	if l := x.find(w, what, now, coinNotFound); l != nil {
		o := x.completed(l, now)
		reply(w, http.StatusOK, map[string]any{"status": "ok", "message": "ok", "orders": append(append([]json.RawMessage{}, o.Buys...), o.Sells...)})
	}
}

func orders(w http.ResponseWriter, o Orders) {
	list := func(rows []json.RawMessage) []json.RawMessage { return append([]json.RawMessage{}, rows...) } // [], never null
	reply(w, http.StatusOK, map[string]any{"status": "ok", "message": "ok", "buyorders": list(o.Buys), "sellorders": list(o.Sells)})
}

func notFound(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, "<!DOCTYPE html><html><head><title>404</title></head><body>Not found</body></html>")
}

func refuse(w http.ResponseWriter, status int, message string) {
	reply(w, status, map[string]string{"status": "error", "message": message})
}

func reply(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("coinspot fake: %v", err)) // a test set an order that is no JSON
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that has gone away misses nothing
}

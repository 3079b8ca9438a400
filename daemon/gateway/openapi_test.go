package gateway

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestOpenAPIIsTheSameEachTimeAndNamesEveryRoute(t *testing.T) {
	a, err := OpenAPI("1")
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenAPI("1")
	if err != nil || !bytes.Equal(a, b) {
		t.Fatalf("two descriptions differ (%v)", err)
	}
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(a, &doc); err != nil || doc.OpenAPI != "3.1.0" {
		t.Fatalf("openapi %q, %v", doc.OpenAPI, err)
	}
	for _, r := range [][2]string{
		{"/api/v1/data/import", "post"}, {"/api/v1/data/export", "get"}, {"/api/v1/algo/trace", "post"}, {"/api/v1/lab/sessions/{id}/events", "get"},
		{"/api/v1/floor/sessions/{id}/events", "get"}, {"/api/v1/algo/{id}/diff/{other}", "get"}, {"/api/v1/ops/stop", "post"},
	} {
		if doc.Paths[r[0]][r[1]] == nil {
			t.Errorf("%s %s is not described", r[1], r[0])
		}
	}
}

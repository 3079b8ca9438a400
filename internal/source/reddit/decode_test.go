package reddit

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/sharedtest"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

func take(body []byte) (source.Harvest, listing, error) {
	var h source.Harvest
	page, err := decode(body)
	r := reading{sub: "Bitcoin", now: start, seen: map[string]bool{}}
	r.take(&h, page.posts, 0)
	var s state
	s.read(&r, page.after)
	h.Cursor, h.Since = s.done().bytes(), s.Oldest
	return h, page, err
}

func page(posts ...string) []byte {
	var children []string
	for _, p := range posts {
		children = append(children, `{"kind":"t3","data":`+p+`}`)
	}
	return []byte(`{"kind":"Listing","data":{"children":[` + strings.Join(children, ",") + `],"after":null}}`)
}

// What becomes of posts: id|content|engagement, nothing, or the reject's reason.
func TestQuirks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string][2]string{
		"plain":        {one(5, ""), "t3_5|A|3"},
		"text":         {strings.Replace(one(5, ""), `"selftext":""`, `"selftext":"x\n\n\u001b[2Jy"`, 1), "t3_5|A — x [2Jy|3"},
		"no author":    {one(5, `,"author":null`), "t3_5|A|3"},
		"gone author":  {one(5, `,"author":"[deleted]"`), "t3_5|A|3"},
		"edited":       {one(5, `,"edited":1783077000.0`), "t3_5|A|3"},
		"below zero":   {strings.Replace(one(5, ""), `"score":3`, `"score":-7`, 1), "t3_5|A|0"},
		"adult":        {one(5, `,"over_18":true`), ""},
		"sticky":       {one(5, `,"stickied":true`), ""},
		"removed":      {one(5, `,"removed_by_category":"moderator"`), ""},
		"deleted":      {strings.Replace(one(5, ""), `"selftext":""`, `"selftext":"[deleted]"`, 1), ""},
		"no name":      {strings.Replace(one(5, ""), "t3_5", "t3_", 1), "post: its name"},
		"a comment":    {strings.Replace(one(5, ""), "t3_5", "t1_5", 1), "post: its name"},
		"no title":     {strings.Replace(one(5, ""), `"title":"A"`, `"title":null`, 1), "post: it has no title"},
		"milliseconds": {strings.Replace(one(5, ""), ".0,", "000,", 1), "post: its time"},
		"no time":      {strings.Replace(one(5, ""), "created_utc", "x", 1), "post: its time"},
		"NaN":          {strings.Replace(one(5, ""), `"score":3`, `"score":"NaN"`, 1), "t3_5|A|0\npost t3_5 is taken without its score, which cannot be read"},
		"1e309":        {strings.Replace(one(5, ""), `"score":3`, `"score":1e309`, 1), "t3_5|A|0\npost t3_5 is taken without its score, which cannot be read"},
		"a link out":   {strings.Replace(one(5, ""), `"/r/`, `"https://evil.example/r/`, 1), "t3_5|A|3"},
		"bad text":     {strings.Replace(one(5, ""), `"selftext":""`, `"selftext":{}`, 1), "t3_5|A|3\npost t3_5 is taken without its selftext, which cannot be read"},
		"bad flags":    {one(5, `,"over_18":"no","stickied":3`), "t3_5|A|3\npost t3_5 is taken without its over_18, stickied, which cannot be read"},
		"bad title":    {strings.Replace(one(5, ""), `"title":"A"`, `"title":["A"]`, 1), "post: json"},
		"no object":    {"7", "post: json"},
	} {
		h, _, err := take(page(c[0]))
		var got []string
		for _, p := range h.Posts {
			got = append(got, fmt.Sprintf("%s|%s|%d", p.ID, p.Content, p.Engagement))
			if p.URL != "" && !strings.HasPrefix(p.URL, "https://www.reddit.com/r/") {
				t.Error(p.URL)
			}
		}
		for _, r := range h.Rejects {
			got = append(got, r.Reason)
		}
		text := strings.Join(got, "\n")
		if err != nil || text != c[1] && (!strings.HasPrefix(c[1], "post: ") || !strings.HasPrefix(text, c[1])) {
			t.Errorf("%s: %v: %s, want %s", name, err, text, c[1])
		}
	}
}

// recorded is one of the recorded exchanges.
type recorded struct {
	name   string
	path   string
	status int
	url    string
	body   []byte
}

func recordings(t *testing.T) []recorded {
	t.Helper()
	root := sharedtest.Path(t, "wire/fixtures/social/reddit")
	files, err := filepath.Glob(filepath.Join(root, "*", "*.http.json"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var out []recorded
	for _, f := range files {
		var x struct {
			Request  struct{ URL string }
			Response struct {
				Status   int
				BodyFile string `json:"body_file"`
			}
		}
		text, err := os.ReadFile(f)
		if err != nil || json.Unmarshal(text, &x) != nil {
			t.Fatal(f, err)
		}
		body, err := os.ReadFile(filepath.Join(filepath.Dir(f), x.Response.BodyFile))
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(filepath.Dir(f)) + "/" + strings.TrimSuffix(filepath.Base(f), ".http.json")
		out = append(out, recorded{name, f, x.Response.Status, x.Request.URL, body})
	}
	return out
}

// Every recorded list is read, every recorded token taken and every recorded refusal told.
func TestRecorded(t *testing.T) {
	t.Parallel()
	lists, tokens, refusals := 0, 0, 0
	for _, r := range recordings(t) {
		switch {
		case strings.HasSuffix(r.url, "/api/v1/access_token"):
			_, lasts, err := decodeToken(r.status, r.body)
			switch good := r.status == 200 && !strings.Contains(string(r.body), `"error"`); {
			case good && (err != nil || lasts <= 0), !good && err == nil:
				t.Errorf("%s: %s %v", r.name, lasts, err)
			case r.status == 200 && !good && !errors.Is(err, errRefused):
				t.Errorf("%s: %v", r.name, err)
			}
			tokens++
		case r.status == 200 && strings.Contains(string(r.body), `"Listing"`) && strings.HasPrefix(string(r.body), "{"):
			h, page, err := take(r.body)
			sound(t, h, start)
			for _, bad := range h.Rejects {
				t.Errorf("%s: %s", r.name, bad.Reason)
			}
			if errors.Is(err, errNoPosts) != strings.Contains(r.name, "comments") && err != nil || len(page.posts) == 0 && h.Len() > 0 {
				t.Errorf("%s: %d posts, %v", r.name, len(page.posts), err)
			}
			lists++
		case r.status >= 400 && r.status < 500:
			if err := refusal("x", upstream.Answer{Status: r.status, Body: r.body}); err == nil || len(upstream.Text(err.Error())) > 300 {
				t.Errorf("%s: %v", r.name, err)
			}
			refusals++
		}
	}
	if lists < 5 || tokens < 10 || refusals < 10 {
		t.Errorf("%d lists, %d tokens, %d refusals", lists, tokens, refusals)
	}
}

func TestRecordedList(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/social/reddit/TestSubredditListings-test_new/01.body.json"))
	if err != nil {
		t.Fatal(err)
	}
	h, page, err := take(body)
	if err != nil || len(page.posts) != 30 || page.after != "t3_48f6io" || len(h.Rejects) != 0 || len(h.Posts) < 25 || h.Posts[0].ID != "t3_48fbm9" {
		t.Errorf("%v: %d of %d posts, after %s, %v", err, len(h.Posts), len(page.posts), page.after, h.Rejects)
	}
}

func TestDecodeToken(t *testing.T) {
	t.Parallel()
	for body, kind := range map[string]error{
		`{"access_token":"abc","token_type":"bearer","expires_in":3600}`:    nil,
		`{"access_token":"abc","token_type":"Bearer","expires_in":86400.0}`: nil,
		`{"error":"invalid_grant"}`:                                         errRefused,
		`{"access_token":"a\nb","token_type":"bearer","expires_in":3600}`:   upstream.ErrMalformed,
		`{"access_token":"abc","token_type":"mac","expires_in":3600}`:       upstream.ErrMalformed,
		`{"access_token":"abc","token_type":"bearer","expires_in":1e300}`:   upstream.ErrMalformed,
		`{"access_token":"abc","token_type":"bearer","expires_in":-1}`:      upstream.ErrMalformed,
		`{"access_token":"abc","token_type":"bearer","expires_in":0}`:       upstream.ErrMalformed,
		`{"access_token":"","token_type":"bearer","expires_in":3600}`:       upstream.ErrMalformed,
		`{`: upstream.ErrMalformed,
		``:  upstream.ErrMalformed,
	} {
		token, lasts, err := decodeToken(200, []byte(body))
		if !errors.Is(err, kind) || (err == nil) != (token == "abc" && lasts > 0) {
			t.Errorf("%s: %q %s %v", body, token, lasts, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(page(one(5, ""), one(6, `,"stickied":true`)))
	f.Add([]byte(`{"kind":"Listing","data":{"children":[{"kind":"t5","data":{}},null],"after":"t3_5"}}`))
	f.Add([]byte(`{"access_token":"abc","token_type":"bearer","expires_in":3600}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		h, _, err := take(body)
		if err != nil && h.Len() != 0 {
			t.Error("posts beside an error")
		}
		sound(t, h, start)
		if token, lasts, err := decodeToken(200, body); err == nil && (token == "" || lasts <= early) {
			t.Errorf("token %q lasts %s", token, lasts)
		}
	})
}

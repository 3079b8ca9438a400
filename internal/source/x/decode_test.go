package x

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/sharedtest"
	"github.com/ohmycoins/omc/internal/source"
)

func take(body []byte) (source.Harvest, page, error) {
	var h source.Harvest
	p, err := decode(body)
	r := reading{now: start, seen: map[string]bool{}}
	r.take(&h, p)
	h.Since = r.oldest
	return h, p, err
}

func body(posts ...string) []byte {
	return []byte(fmt.Sprintf(`{"data":[%s],"meta":{"result_count":%d,"next_token":"abc"}}`, strings.Join(posts, ","), len(posts)))
}

// What becomes of posts: id|content|likes, or the reject's reason.
func TestQuirks(t *testing.T) {
	t.Parallel()
	id, older := idAt(start.Add(-time.Hour), 5), idAt(start.Add(-2*time.Hour), 5)
	for name, c := range map[string][2]string{
		"plain":        {one(id, ""), id + "|A|0"},
		"likes":        {one(id, `,"public_metrics":{"like_count":7}`), id + "|A|7"},
		"escapes":      {strings.Replace(one(id, ""), `"A"`, `"a &lt;b&gt; &amp;amp;\n\u001b[2Jc\u202e"`, 1), id + "|a <b> &amp; [2Jc|0"},
		"edited":       {strings.Replace(one(id, `,"created_at":"2026-07-03T10:30:00.000Z"`), `["`, `["`+older+`","`, 1), older + "|A|0"},
		"bad history":  {strings.Replace(one(id, ""), `["`, `["-7","x","`, 1), id + "|A|0"},
		"no history":   {`{"id":"` + id + `","text":"A"}`, id + "|A|0"},
		"null":         {`{"id":"` + id + `","text":"A","public_metrics":null,"created_at":null}`, id + "|A|0"},
		"below zero":   {one(id, `,"public_metrics":{"like_count":-7}`), id + "|A|0"},
		"no text":      {strings.Replace(one(id, ""), `"A"`, `null`, 1), "post: it has no text"},
		"id a number":  {strings.Replace(one(id, ""), `"id":"`+id+`"`, `"id":`+id, 1), "post: a post of another shape"},
		"no id":        {strings.Replace(one(id, ""), `"id":"`+id, `"id":"`, 1), "post: its id"},
		"another time": {one(id, `,"created_at":"2026-07-01T10:30:00.000Z"`), "post: its time"},
		"no time":      {one(id, `,"created_at":"yesterday"`), "post: its time"},
		"far ahead":    {one(idAt(start.Add(48*time.Hour), 5), ""), "post: its time"},
		"1e309":        {one(id, `,"public_metrics":{"like_count":1e309}`), id + "|A|0\npost " + id + " is taken without its likes, which cannot be read"},
		"bad metrics":  {one(id, `,"public_metrics":[]`), id + "|A|0\npost " + id + " is taken without its likes, which cannot be read"},
		"a bad edit":   {strings.Replace(one(id, ""), `["`, `[{},7,"`, 1), id + "|A|0"},
		"bad edits":    {strings.Replace(one(id, ""), `["`+id+`"]`, `7`, 1), id + "|A|0\npost " + id + " is taken without its edit history, which cannot be read"},
		"time of 7":    {one(id, `,"created_at":7`), id + "|A|0\npost " + id + " is taken without its created_at, which cannot be read"},
		"twice":        {one(id, ""), id + "|A|0"},
	} {
		posts := []string{c[0]}
		if name == "twice" {
			posts = append(posts, c[0])
		}
		h, _, err := take(body(posts...))
		var got []string
		for _, p := range h.Posts {
			got = append(got, fmt.Sprintf("%s|%s|%d", p.ID, p.Content, p.Engagement))
			if !strings.HasSuffix(p.URL, "/"+id) {
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

func TestMalformed(t *testing.T) {
	t.Parallel()
	for _, b := range []string{`{}`, `{"data":[]}`, `{"meta":{}}`, `{"meta":{"result_count":1}}`, `{"data":[{}],"meta":{"result_count":2}}`, `{"data":{},"meta":{"result_count":0}}`,
		string(body()) + "x", `{"data":[` + strings.Repeat("7,", 100) + `7],"meta":{"result_count":101}}`} {
		if h, _, err := take([]byte(b)); err == nil || h.Len() != 0 {
			t.Errorf("%.60s: %v", b, err)
		}
	}
}

// Errors beside data are shown and cost no post.
func TestPartialErrors(t *testing.T) {
	w := newWorld(t)
	w.up.Partial(true)
	if h := w.poll(nil); h.Len() < 90 || len(h.Rejects) != 1 || !strings.Contains(h.Rejects[0].Reason, "Could not find user") {
		t.Errorf("%d posts, %d rejects", h.Len(), len(h.Rejects))
	}
}

func TestRecorded(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"test_client_search_recent_tweets/00.body.json":      "1578516068309794817 2022-10-07T22:42:12Z b26v89c19zqg8o3fpzbn1e0ffhxjiofzw6po136rvbnul",
		"test_asyncclient_search_recent_tweets/00.body.json": "1578522194770296832 2022-10-07T23:06:33Z b26v89c19zqg8o3fpzbn1e0frlukytxrp1o8pel01jb7h",
		"test_client_get_users_tweets/00.body.json":          "",
		"errors-transcribed/200-no-results.json":             "",
	} {
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/social/x/"+name))
			if err != nil {
				t.Fatal(err)
			}
			h, p, err := take(b)
			sound(t, h, start)
			if err != nil || len(h.Rejects) != 0 || len(h.Posts) != len(p.posts) {
				t.Fatalf("%v %v", err, h.Rejects)
			}
			if want != "" {
				first := h.Posts[0]
				if got := fmt.Sprint(first.ID, " ", first.Posted.Truncate(time.Second).Format(time.RFC3339), " ", p.next); got != want {
					t.Errorf("%s, want %s", got, want)
				}
			}
		})
	}
}

func TestRecordedRefusals(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"402-CreditsDepleted.json": 402, "403-client-not-enrolled.json": 403, "429-TooManyRequests.json": 429} {
		b, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/social/x/errors-transcribed/"+name))
		if err != nil {
			t.Fatal(err)
		}
		var p *planError
		if err := refusal(status, b); errors.As(err, &p) != (status != 429) || len(err.Error()) > 300 {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := decode(b); err == nil {
			t.Errorf("%s is taken for posts", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	id := idAt(start.Add(-time.Hour), 5)
	f.Add(body(one(id, `,"public_metrics":{"like_count":7}`)))
	f.Add([]byte(`{"meta":{"result_count":0}}`))
	f.Add([]byte(`{"data":[null],"errors":[7],"meta":{"result_count":1}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, _, err := take(b)
		if err != nil && h.Len() != 0 {
			t.Error("posts beside an error")
		}
		sound(t, h, start)
		if err := refusal(403, b); err == nil || len(err.Error()) > 1000 {
			t.Error(err)
		}
	})
}

package rss

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/sharedtest"
	"github.com/ohmycoins/omc/internal/source"
)

func harvest(body string) (source.Harvest, error) {
	var h source.Harvest
	items, err := decode([]byte(body), &h)
	if err != nil {
		return h, err
	}
	p := &publisher{name: "p", clock: clock.NewManual(start.AddDate(0, 6, 0))}
	h.Cursor = p.take(&h, items, state{}).bytes()
	return h, nil
}

func feed(items string) string {
	return `<rss version="2.0"><channel><title>x</title>` + items + "</channel></rss>"
}

func item1(title, guid, more string) string {
	return "<item><title>" + title + "</title><guid>" + guid + "</guid><pubDate>Fri, 03 Jul 2026 10:00:00 GMT</pubDate>" + more + "</item>"
}

// What the quirks of real feeds become: title|id|date|url|summary, or a part of the error or of the reject's reason.
func TestQuirks(t *testing.T) {
	t.Parallel()
	const tail = "|2026-07-03T10:00:00Z"
	for name, c := range map[string][2]string{
		"single":        {feed(item1("A", "1", "")), "A|1" + tail + "||"},
		"empty":         {feed(""), ""},
		"cdata html":    {feed(item1("<![CDATA[A & <b>B</b>]]>", "1", "<description><![CDATA[<p>x</p><p>y<script>z</script></p>]]></description>")), "A & B|1" + tail + "||x y"},
		"nbsp":          {feed(item1("A&nbsp;B &amp; C", "1", "")), "A B & C|1" + tail + "||"},
		"bom":           {"\xef\xbb\xbf" + feed(item1("A", "1", "")), "A|1" + tail + "||"},
		"latin-1":       {`<?xml version="1.0" encoding="ISO-8859-1"?>` + feed(item1("caf\xe9", "1", "")), "café|1" + tail + "||"},
		"windows-1252":  {`<?xml version="1.0" encoding="windows-1252"?>` + feed(item1("\x93a\x94", "1", "")), "“a”|1" + tail + "||"},
		"undeclared":    {feed(item1("caf\xe9 x", "1", "")), "caf x|1" + tail + "||"},
		"no encoding":   {`<?xml version="1.0" encoding="klingon"?>` + feed(item1("A", "1", "")), "error: "},
		"prefix":        {feed(item1("A", "1", "<dc:creator>x</dc:creator><media:content url='y'/>")), "A|1" + tail + "||"},
		"no guid":       {feed(`<item><title>A</title><link>https://x.example/a?utm_source=b&amp;id=7#c</link><pubDate>Fri, 03 Jul 2026 10:00:00 +0000</pubDate></item>`), "A|https://x.example/a" + tail + "|https://x.example/a?id=7#c|"},
		"iso":           {feed(`<item><title>A</title><guid>1</guid><pubDate>2026-07-03T12:00:00+02:00</pubDate></item>`), "A|1" + tail + "||"},
		"dc date":       {`<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><item><title>A</title><guid>1</guid><dc:date>2026-07-03T10:00:00Z</dc:date></item></channel></rss>`, "A|1" + tail + "||"},
		"atom":          {`<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><title>A</title><link href="https://x.example/a"/><updated>2026-07-03T10:00:00Z</updated><summary>s</summary></entry></feed>`, "A|1" + tail + "|https://x.example/a|s"},
		"rdf":           {`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>x</title></channel><item rdf:about="u"><title>A</title><link>https://x.example/a</link><dc:date>2026-07-03T10:00:00Z</dc:date></item></rdf:RDF>`, "A|https://x.example/a" + tail + "|https://x.example/a|"},
		"json":          {`{"version":"https://jsonfeed.org/version/1.1","title":"x","items":[{"id":"1","title":"A","url":"https://x.example/a","content_text":"s","date_published":"2026-07-03T10:00:00Z"}]}`, "A|1" + tail + "|https://x.example/a|s"},
		"json null":     {`{"version":"https://jsonfeed.org/version/1.1","items":[null,7,{"id":"2","title":["B"]},{"id":"1","title":"A","date_published":"2026-07-03T10:00:00Z"}]}`, "A|1" + tail + "||"},
		"sydney":        {feed(strings.Replace(item1("A", "1", ""), "10:00:00 GMT", "20:00:00 AEST", 1)), "A|1" + tail + "||"},
		"new york":      {feed(strings.Replace(item1("A", "1", ""), "10:00:00 GMT", "06:00:00 EDT", 1)), "A|1" + tail + "||"},
		"zulu":          {feed(strings.Replace(item1("A", "1", ""), "10:00:00 GMT", "10:00 Z", 1)), "A|1" + tail + "||"},
		"no such zone":  {feed(strings.Replace(item1("A", "1", ""), "10:00:00 GMT", "10:00:00 QQT", 1)), "A|1|2027-01-03T11:30:00Z||"},
		"json other":    {`{"items":[]}`, "error: it is no JSON feed"},
		"javascript":    {feed(item1("A", "1", "<link>javascript:alert(1)</link>")), "A|1" + tail + "||"},
		"escape":        {feed(item1("A &#27;[31mB &#8238;C", "1", "")), "A [31mB C|1" + tail + "||"},
		"far ahead":     {feed(`<item><title>A</title><guid>1</guid><pubDate>Fri, 03 Jul 2099 10:00:00 GMT</pubDate></item>`), "reject: "},
		"before":        {feed(`<item><title>A</title><guid>1</guid><pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate></item>`), "reject: "},
		"no title":      {feed(item1("", "1", "")), "reject: item: it has no title"},
		"no id":         {feed("<item><title>A</title></item>"), "reject: item: it has neither a guid nor a link"},
		"long id":       {feed(item1("A", strings.Repeat("x", 600), "")), "reject: item: its id is too long"},
		"twice":         {feed(item1("A", "1", "") + item1("B", "1", "")), "A|1" + tail + "||"},
		"entities":      {`<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>` + feed(item1("&b;", "1", "")), "error: it declares entities"},
		"doctype":       {`<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">` + feed(item1("A", "1", "")), "A|1" + tail + "||"},
		"deep":          {feed("<item>" + strings.Repeat("<a>", 100_000)), "error: it is nested too deep"},
		"deep in title": {feed(item1(strings.Repeat("<b>", 70)+strings.Repeat("</b>", 70), "1", "")), "error: it is nested too deep"},
		"cut":           {strings.TrimSuffix(feed(item1("A", "1", "")), "</rss>"), "error: "},
		"two roots":     {feed("") + feed(""), "error: it goes on after its end"},
		"many":          {feed(strings.Repeat(item1("A", "1", ""), maxItems+1)), "error: more than 1000 items"},
		"utf-16":        {"\xff\xfe<\x00r\x00s\x00s\x00>\x00", "error: "},
		"nothing":       {" ", "error: it holds nothing"},
		"svg":           {"<svg></svg>", "error: "},
	} {
		h, err := harvest(c[0])
		var got []string
		for _, n := range h.News {
			got = append(got, fmt.Sprintf("%s|%s|%s|%s|%s", n.Title, n.ID, n.Published.Format("2006-01-02T15:04:05Z07:00"), n.URL, n.Summary))
		}
		for _, r := range h.Rejects {
			if name == "json null" {
				continue // TestOneBadItem counts them
			}
			got = append(got, "reject: "+r.Reason)
			if !strings.HasPrefix(string(r.Bytes), "<item>") || !strings.HasSuffix(string(r.Bytes), "</item>") {
				t.Errorf("%s: reject of %s", name, r.Bytes)
			}
		}
		if err != nil {
			got = append(got, "error: "+err.Error())
		}
		text := strings.Join(got, "\n")
		if text != c[1] && (!strings.HasSuffix(c[1], ": ") && !strings.HasPrefix(c[1], "error") || !strings.HasPrefix(text, c[1])) {
			t.Errorf("%s: %s\nwant %s", name, text, c[1])
		}
	}
}

// One bad item does not cost the others.
func TestOneBadItem(t *testing.T) {
	t.Parallel()
	h, err := harvest(feed(item1("A", "1", "") + item1("", "2", "") + item1("C", "3", "")))
	if err != nil || len(h.News) != 2 || len(h.Rejects) != 1 || string(h.Rejects[0].Bytes) != item1("", "2", "") {
		t.Errorf("%v %+v", err, h)
	}
	h, err = harvest(`{"version":"https://jsonfeed.org/version/1.1","items":[null,7,{"id":"2","title":["B"]},{"id":"1","title":"A","date_published":"2026-07-03T10:00:00Z"}]}`)
	if err != nil || len(h.News) != 1 || len(h.Rejects) != 3 || string(h.Rejects[2].Bytes) != `{"id":"2","title":["B"]}` {
		t.Errorf("%v %+v", err, h)
	}
}

// What a publisher files an item under are its coins, where it names coins.
func TestCategoriesNameCoins(t *testing.T) {
	t.Parallel()
	h, err := harvest(feed(item1("A", "1", "<category>Markets</category><category domain='x'><![CDATA[Bitcoin]]></category><category>Near</category><category>$SOL</category><category>Bitcoin Price</category>")))
	if err != nil || len(h.News) != 1 || fmt.Sprint(h.News[0].Coins) != "[BTC SOL]" {
		t.Errorf("%v %+v", err, h.News)
	}
}

func TestRecorded(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"coindesk_2026-08-15.xml":                           "bfe74cb5-052f-4948-9630-938954a03935 2026-08-15T16:00:00Z, a1b2c3d4-052f-4948-9630-938954a03936 2026-08-15T15:10:00Z",
		"cointelegraph_2026-08-15.xml":                      "https://cointelegraph.com/news/tokenized-stock-holders 2026-08-15T17:26:43Z, https://cointelegraph.com/news/what-happened-in-crypto-today 2026-08-15T14:40:24Z",
		"cointelegraph_2026-08-28.undeclared-dc-prefix.xml": "https://cointelegraph.com/news/what-happened-in-crypto-today 2026-08-28T20:42:54Z, https://cointelegraph.com/news/solana-validators-approve-proposal-to-accelerate-sol-disinflation 2026-08-28T19:53:12Z",
		"decrypt_shaped.xml":                                "https://decrypt.co/sol-rally 2026-09-09T20:00:00Z",
		"empty_channel.xml":                                 "",
	} {
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/news/rss/"+name))
			if err != nil {
				t.Fatal(err)
			}
			h, err := harvest(string(body))
			var got []string
			for _, n := range h.News {
				got = append(got, n.ID+" "+n.Published.Format("2006-01-02T15:04:05Z07:00"))
				if strings.ContainsAny(n.Title+n.Summary, "<>") || n.Summary == "" || strings.Contains(n.URL, "utm_") {
					t.Errorf("%+v", n)
				}
			}
			if err != nil || len(h.Rejects) != 0 || strings.Join(got, ", ") != want {
				t.Errorf("%v %v\n%s", err, h.Rejects, strings.Join(got, ", "))
			}
			sound(t, h, start.AddDate(0, 6, 0))
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{feed(item1("A", "1", "<link>https://x.example/a?utm_b=c</link>")), feed(""), small,
		`<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><title type="html">A</title></entry></feed>`,
		`{"version":"https://jsonfeed.org/version/1.1","items":[{"id":1,"title":"A"},null]}`, `<rdf:RDF><item><title>A</title></item></rdf:RDF>`,
		"<rss><channel><item><title>a<b></title></item></channel></rss>", "<?xml version='1.0' encoding='x'?><rss/>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		h, err := harvest(body)
		if err != nil && h.Len() != 0 {
			t.Error("news beside an error")
		}
		sound(t, h, start.AddDate(0, 6, 0))
	})
}

package fake

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"
)

// world is what one publisher has out at one time: the same at the same time, always.
type world struct {
	publisher string
	now       time.Time
}

// shown is how many items a feed lists.
const shown = 25

// Item is one text of the world.
type Item struct {
	ID    string // guid, or the link where the publisher sends no guid
	Title string
	At    time.Time
	link  string
	text  string
}

// slot is how far apart a publisher's texts come: at most one in each stretch of this length.
const slot = 20 * time.Minute

func dice(parts ...any) int {
	h := fnv.New32a()
	fmt.Fprint(h, parts...)
	return int(h.Sum32() >> 4)
}

// Items are all texts that a publisher put out from one time to another, newest first, as they read at the second.
func Items(publisher string, from, to time.Time) []Item {
	var out []Item
	for k := to.Unix() / int64(slot.Seconds()); k*int64(slot.Seconds()) > from.Add(-slot).Unix(); k-- {
		at := time.Unix(k*int64(slot.Seconds())+int64(dice(publisher, "at", k)%1100), 0).UTC()
		if at.After(to) || at.Before(from) || dice(publisher, "quiet", k)%3 == 0 {
			continue
		}
		out = append(out, text(publisher, k, at, to))
	}
	return out
}

// text is one item; half an hour after it came out one in five has another title.
func text(publisher string, k int64, at, now time.Time) Item {
	pick := func(what string, of ...string) string { return of[dice(publisher, what, k)%len(of)] }
	coin := pick("coin", "Bitcoin", "Ether", "Solana", "XRP", "Dogecoin", "Chainlink")
	who := pick("who", "a pension fund", "an exchange in Lisbon", "a payments firm", "the treasury of a town", "a chip maker")
	what := pick("what", "buys %s for its reserves", "lets its clients hold %s", "sells the last of its %s", "halts withdrawals of %s", "reports record volume in %s")
	title := strings.ToUpper(who[:1]) + who[1:] + " " + fmt.Sprintf(what, coin)
	if dice(publisher, "revised", k)%5 == 0 && now.Sub(at) > 30*time.Minute {
		title += " (updated)"
	}
	slug := fmt.Sprintf("made-up-%d", k)
	link := "https://" + publisher + ".example/news/" + slug
	id := link
	if publisher == "coindesk" {
		id = fmt.Sprintf("%08x-0000-4000-8000-%012d", dice(publisher, "id", k), k)
	}
	return Item{ID: id, Title: title, At: at, link: link, text: "In this made-up story " + who + " & others speak of " + coin + "."}
}

// feed is the publisher's feed in its own dialect, and when it last changed.
func (w world) feed() (body string, changed time.Time) {
	items := Items(w.publisher, w.now.Add(-48*time.Hour), w.now)
	items = items[:min(len(items), shown)]
	var b strings.Builder
	write := map[string]func(Item) string{"coindesk": coindesk, "cointelegraph": cointelegraph, "decrypt": decrypt, "theblock": theblock, "bitcoinmagazine": bitcoinmagazine}[w.publisher]
	for _, it := range items {
		b.WriteString(write(it))
		if it.At.After(changed) {
			changed = it.At
		}
	}
	if w.publisher == "theblock" {
		return `<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>The Block, made up</title><id>urn:omc:theblock</id>` +
			b.String() + "</feed>", changed
	}
	head := `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<rss xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0"><channel><title>` +
		w.publisher + `, made up</title>`
	if w.publisher == "bitcoinmagazine" {
		head = "\xef\xbb\xbf" + head
	}
	return head + b.String() + "</channel></rss>", changed
}

func escaped(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

func coindesk(i Item) string {
	return fmt.Sprintf("<item><title><![CDATA[%s]]></title><link>%s</link><guid isPermaLink=\"false\">%s</guid><pubDate>%s</pubDate><description><![CDATA[%s]]></description></item>\n",
		i.Title, i.link, i.ID, i.At.Format(time.RFC1123Z), i.text)
}

func cointelegraph(i Item) string {
	return fmt.Sprintf("<item><title>%s</title><pubDate>%s</pubDate><guid isPermaLink=\"true\">%s</guid><link><![CDATA[%s?utm_source=rss_feed&utm_medium=rss]]></link>"+
		"<description><![CDATA[<p style=\"float:right\"><img src=\"https://img.example/x.jpg\"></p><p>%s</p>]]></description><dc:creator>A. Writer</dc:creator><category>Latest News</category></item>\n",
		escaped(i.Title), i.At.Format(time.RFC1123Z), i.ID, i.link, escaped(i.text))
}

// decrypt sends no guid.
func decrypt(i Item) string {
	return fmt.Sprintf("<item><title>%s</title><pubDate>%s</pubDate><link>%s</link><description>%s</description></item>\n",
		escaped(i.Title), i.At.Format(http1123), i.link, escaped(i.text))
}

const http1123 = "Mon, 02 Jan 2006 15:04:05 GMT"

func theblock(i Item) string {
	return fmt.Sprintf("<entry><id>%s</id><title type=\"html\">%s</title><link rel=\"alternate\" href=\"%s\"/><published>%s</published><updated>%s</updated><summary>%s</summary></entry>\n",
		i.ID, escaped(i.Title), i.link, i.At.Format(time.RFC3339), i.At.Format(time.RFC3339), escaped(i.text))
}

// bitcoinmagazine dates in ISO, and uses entities that XML does not have.
func bitcoinmagazine(i Item) string {
	return fmt.Sprintf("<item><title>%s</title><pubDate>%s</pubDate><guid isPermaLink=\"false\">%s</guid><link>%s</link><description>&lt;p&gt;%s&nbsp;&lt;/p&gt;</description></item>\n",
		escaped(i.Title), i.At.Format("2006-01-02T15:04:05-07:00"), i.ID, i.link, escaped(escaped(i.text)))
}

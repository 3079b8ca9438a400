package config

// Feed is one stream of a source: how often it is polled where nothing else is set.
type Feed struct {
	Name  string
	Every string
}

// Feeds are the streams that have collect.<name>.every. The daemon's own list must be the same; a test compares them.
func Feeds() []Feed {
	return []Feed{
		{"coinspot", "5s"},
	}
}

func feedKeys() []Key {
	var out []Key
	for _, f := range Feeds() {
		out = append(out, Key{Name: "collect." + f.Name + ".every", Kind: "duration", Default: f.Every, Doc: "how often " + f.Name + " is polled"})
	}
	return out
}

package tui

import (
	"sort"
	"strings"
	"unicode"

	"github.com/ohmycoins/omc/tui/page"
)

// rank keeps the entries that every word is found in, the best first: whole words of a title before beginnings of them, those before
// pieces of three letters and more, and all of them before words of the help. Entries as good as each other keep their order.
func rank(words []string, all []page.Entry) []page.Entry {
	type hit struct {
		e     page.Entry
		score int
	}
	var hits []hit
	for _, e := range all {
		if s := score(words, e.Title, e.Help, strings.ToLower(idOf(e.Msg))); s > 0 {
			hits = append(hits, hit{e, s})
		}
	}
	sort.SliceStable(hits, func(i, j int) bool { return hits[i].score > hits[j].score })
	out := make([]page.Entry, len(hits))
	for i, h := range hits {
		out[i] = h.e
	}
	return out
}

// split gives the words of a text as they are searched.
func split(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// score says how well the words name an entry; 0 is not at all. Of the id a title shows the beginning only.
func score(words []string, title, help, id string) int {
	titles, helps := split(title), split(help)
	sum, asked := 1000-len(titles), 0
	for _, w := range words {
		for _, part := range split(w) {
			asked++
			best := 0
			for i, t := range titles {
				s := match(part, t) * 20
				if s > 0 && i < asked { // where a command has it
					s += 5
				}
				best = max(best, s)
			}
			if len(part) > 6 && strings.HasPrefix(id, part) {
				best = match(part, part) * 20
			}
			if best == 0 {
				for _, t := range helps {
					if s := match(part, t); s >= 2 { // not a piece of some word in a sentence
						best = max(best, s)
					}
				}
			}
			if best == 0 {
				if len(words) == 1 && initials(part, titles) {
					return 1
				}
				return 0
			}
			sum += best
		}
	}
	if asked == 0 && len(words) > 0 {
		return 0
	}
	return sum
}

// match says how well part names a word: 3 it is the word, 2 it begins it, 1 it is a piece of three letters or more, 0 not at all.
func match(part, word string) int {
	switch {
	case part == word:
		return 3
	case strings.HasPrefix(word, part):
		return 2
	case len(part) >= 3 && strings.Contains(word, part):
		return 1
	}
	return 0
}

// initials says whether text is the beginnings of some of the words, one after the other and no blank between: algoshowdon, fk.
func initials(text string, words []string) bool {
	if text == "" {
		return true
	}
	for i, w := range words {
		for n := min(len(text), len(w)); n > 0; n-- {
			if text[:n] == w[:n] && initials(text[n:], words[i+1:]) {
				return true
			}
		}
	}
	return false
}

package research

import "testing"

func TestAQuestionTakesItsChoices(t *testing.T) {
	t.Parallel()
	q := Question{Choices: []string{"BTC/USDT", "ETH/USDT", "both (BTC/USDT, ETH/USDT)"}}
	for answer, want := range map[string]string{"1": "BTC/USDT", " 3 ": "both (BTC/USDT, ETH/USDT)", "eth": "ETH/USDT", "Both": "both (BTC/USDT, ETH/USDT)",
		"0": "", "4": "", "-1": "", "": "", "doge": ""} {
		if got, ok := q.Choice(answer); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", answer, got, ok, want)
		}
	}
	closed := q
	closed.Closed = true
	for answer, want := range map[string][2]bool{"2": {true, true}, "eth": {true, true}, "7": {false, false}, "the cheapest": {true, false}} {
		if open, shut := q.Check(answer) == nil, closed.Check(answer) == nil; open != want[0] || shut != want[1] {
			t.Errorf("%q is taken by an open question: %v, by a closed one: %v; want %v", answer, open, shut, want)
		}
	}
	if err := (&Question{Text: "which?"}).Check("anything"); err != nil {
		t.Error(err)
	}
}

package risk

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/money"
	"pgregory.net/rapid"
)

func TestAffordableNeverCostsMoreAndLeavesLessThanAStep(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cash := money.New(rapid.Int64Range(1, 1e15).Draw(t, "cash"), 8)
		price := money.New(rapid.Int64Range(1, 1e14).Draw(t, "price"), 8)
		fee := money.New(rapid.Int64Range(0, 1_000_000).Draw(t, "fee"), 3)
		step := money.New(rapid.SampledFrom([]int64{1, 1000, 1e8}).Draw(t, "step"), 8)
		q := Affordable(cash, price, fee, step)
		if q.Sign() < 0 || cash.Less(Cost(q, price, fee)) || !q.FloorTo(step).Equal(q) {
			t.Fatalf("%s at %s with %s bps costs %s of %s", q, price, fee, Cost(q, price, fee), cash)
		}
		spare := money.New(3, money.Scale) // the digit set aside, and the two roundings
		if more := q.Add(step); !cash.Less(Cost(more, price, fee).Add(spare)) {
			t.Fatalf("%s would be covered too: %s of %s", more, Cost(more, price, fee), cash)
		}
	})
}

func TestTheZeroApprovedApprovesNothing(t *testing.T) {
	if (Approved{}).Valid() {
		t.Fatal("a zero Approved is valid")
	}
}

func TestEveryCodeIsDocumented(t *testing.T) {
	source, err := os.ReadFile("risk.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/backtesting.md")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`Code = "([a-z_]+)"`).FindAllSubmatch(source, -1)
	if len(codes) < 10 {
		t.Fatalf("found %d codes", len(codes))
	}
	for _, c := range codes {
		if !strings.Contains(string(page), "`"+string(c[1])+"`") {
			t.Errorf("docs/backtesting.md does not explain %s", c[1])
		}
	}
}

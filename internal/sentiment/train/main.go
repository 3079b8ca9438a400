// Command train fits the sentiment model from the labelled sets of the shared folder and writes it, or measures it (-eval).
// It never copies a text of those sets: what it writes is weights of hashed features.
//
//	go run ./internal/sentiment/train -shared ../shared -o internal/sentiment/model.bin
//	go run ./internal/sentiment/train -shared ../shared -eval
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"

	"github.com/ohmycoins/omc/internal/sentiment"
	"github.com/ohmycoins/omc/internal/sentiment/train/fit"
)

func main() {
	shared := flag.String("shared", os.Getenv("OMC_SHARED"), "the shared folder")
	out := flag.String("o", "", "write the model here")
	eval := flag.Bool("eval", false, "print the measured tables")
	check := flag.String("check", "", "train, and fail unless this file holds the same bytes")
	flag.Parse()
	if err := run(*shared, *out, *check, *eval); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(shared, out, check string, eval bool) error {
	if shared == "" {
		shared = "../shared"
	}
	sets, err := fit.Load(shared)
	if err != nil {
		return err
	}
	model, err := fit.Shipped(sets)
	if err != nil {
		return err
	}
	if out != "" {
		if err := os.WriteFile(out, model.Bytes(), 0o644); err != nil {
			return err
		}
	}
	if check != "" {
		have, err := os.ReadFile(check)
		if err != nil {
			return err
		}
		if !bytes.Equal(have, model.Bytes()) {
			return fmt.Errorf("%s is not what this data and this code train; write it again with -o %s", check, check)
		}
	}
	if eval {
		return fit.Report(os.Stdout, sets, model, sentiment.Method())
	}
	return nil
}

package data

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/client"
)

// ImportOptions are what `omc data import` is told.
type ImportOptions struct {
	api.ImportOptions
	Files   []string
	Rejects string // file for bad rows; "": <file>.rejects.csv beside each

	reports *reports
}

func newImport(f *factory.Factory) *cobra.Command {
	o := ImportOptions{}
	cmd := &cobra.Command{
		Use: "import FILE...", Short: "Import candles from csv, csv.gz or zip", Args: cobra.MinimumNArgs(1),
		Long: "Import candles. The layout (Binance, Kraken, CryptoDataDownload, omc's own, or a plain table with a header), the unit of time and,\n" +
			"where the file's name or content tells it, the market and interval are found out. A second import of the same file adds nothing.\n" +
			"Rows that cannot be taken go to a rejects file with line and reason; rows that are stored with other values are reported and\n" +
			"left as they are, unless --replace.",
		Example: "  omc data import BTCUSDT-5m.csv.gz\n  omc data import 'candles/*.zip'\n  omc data import prices.csv --coin BTC --quote USDT --interval 5m",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Files = args
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			sums, err := RunImport(cmd.Context(), f, c, o)
			if len(sums) == 0 {
				return err
			}
			return errors.Join(factory.List(f, sums, "nothing imported", importColumns()), err)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&o.Coin, "coin", "", "coin, where the file does not tell: BTC")
	fl.StringVar(&o.Quote, "quote", "", "quote currency, where the file does not tell: USDT")
	fl.StringVar(&o.Interval, "interval", "", "bar length, where the file does not tell: 5m")
	fl.StringVar(&o.Source, "source", "", "name to keep as the source")
	fl.BoolVar(&o.Replace, "replace", false, "overwrite stored rows that differ")
	fl.StringVar(&o.Rejects, "rejects", "", "file for rows that could not be taken (default: <file>.rejects.csv)")
	return cmd
}

// RunImport imports each file and says on stderr what happened. It goes on after a file that fails, and fails in the end.
func RunImport(ctx context.Context, f *factory.Factory, c *client.Client, o ImportOptions) ([]api.ImportSummary, error) {
	files, err := expand(o.Files)
	if err != nil {
		return nil, err
	}
	if o.reports, err = newReports(o.Rejects, files); err != nil {
		return nil, err
	}
	var sums []api.ImportSummary
	var failed error
	for i, path := range files {
		label := path
		if len(files) > 1 {
			label = fmt.Sprintf("%d/%d %s", i+1, len(files), label)
		}
		sum, err := importFile(ctx, f, c, o, path, label)
		if ctx.Err() != nil {
			return sums, ctx.Err()
		}
		if err != nil {
			if len(files) == 1 {
				return sums, fmt.Errorf("import %s: %w", path, err)
			}
			f.Say("import %s: %v", path, err)
			failed = fmt.Errorf("import: %w: not every file was imported", err)
			continue
		}
		sums = append(sums, sum)
	}
	return sums, failed
}

// expand resolves globs, for shells that do not.
func expand(args []string) ([]string, error) {
	var out []string
	for _, a := range args {
		if _, err := os.Stat(a); err == nil || !strings.ContainsAny(a, "*?[") {
			out = append(out, a)
			continue
		}
		found, err := filepath.Glob(a)
		if err != nil {
			return nil, factory.Usage("%s: %v", a, err)
		}
		if len(found) == 0 {
			return nil, api.NewProblem(404, api.CodeNotFound, "%s matches no file", a)
		}
		out = append(out, found...)
	}
	return out, nil
}

func importFile(ctx context.Context, f *factory.Factory, c *client.Client, o ImportOptions, path, label string) (api.ImportSummary, error) {
	file, err := os.Open(path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return api.ImportSummary{}, api.NewProblem(404, api.CodeNotFound, "there is no such file")
		}
		return api.ImportSummary{}, err
	}
	defer file.Close()
	st, err := file.Stat()
	if err != nil {
		return api.ImportSummary{}, err
	}
	if st.IsDir() {
		return api.ImportSummary{}, factory.Usage("it is a folder: name its files, like '%s/*.csv.gz'", path)
	}
	out, err := o.reports.of(path)
	if err != nil {
		return api.ImportSummary{}, err
	}
	conflicts := 0
	in := &countingReader{r: file}
	bar := f.IO.NewProgress(filepath.Base(path), st.Size(), f.Now)
	opts := o.ImportOptions
	opts.File = filepath.Base(path)
	sum, err := c.Import(ctx, in, opts, func(e api.ImportEvent) error {
		switch {
		case e.Progress != nil:
			bar.Set(in.n.Load(), fmt.Sprintf("%d rows", e.Progress.Rows))
		case e.Reject != nil:
			return out.rejects.add(e.Reject.File, strconv.FormatInt(e.Reject.Line, 10), e.Reject.Reason, e.Reject.Row)
		case e.Conflict != nil:
			k := e.Conflict
			if conflicts++; conflicts <= 5 {
				bar.End()
				f.Say("%s line %d: %s is stored as %s, offered as %s", k.File, k.Line, factory.Time(k.Time), k.Stored, k.Offered)
			}
			return out.conflicts.add(k.File, strconv.FormatInt(k.Line, 10), factory.Time(k.Time), k.Stored, k.Offered)
		}
		return nil
	})
	bar.End()
	err = errors.Join(err, out.close())
	out.say(f)
	if err != nil {
		return sum, err
	}
	say(f, label, sum)
	if sum.Rejected > 0 && sum.Added+sum.Same+sum.Replaced+sum.Conflicts == 0 {
		return sum, api.NewProblem(422, api.CodeFailed, "none of its %d rows could be taken", sum.Rejected)
	}
	return sum, nil
}

func say(f *factory.Factory, label string, s api.ImportSummary) {
	switch {
	case s.Added == 0 && s.Replaced == 0 && s.Conflicts == 0 && s.Rejected == 0:
		f.Say("%s: nothing new, all %d rows are there already", label, s.Same)
	default:
		f.Say("%s: %s %s from %s: %d added, %d there already, %d replaced, %d in conflict, %d rejected", label, s.Market, s.Interval, s.Source, s.Added, s.Same, s.Replaced, s.Conflicts, s.Rejected)
	}
	if s.Conflicts > 0 {
		f.Say("  conflicting rows were left as they are; --replace overwrites them")
	}
}

func importColumns() []factory.Column[api.ImportSummary] {
	n := func(get func(api.ImportSummary) int64) func(api.ImportSummary) string {
		return func(s api.ImportSummary) string { return strconv.FormatInt(get(s), 10) }
	}
	return []factory.Column[api.ImportSummary]{
		{Name: "market", Value: func(s api.ImportSummary) string { return s.Market.String() }},
		{Name: "interval", Value: func(s api.ImportSummary) string { return s.Interval.String() }},
		{Name: "layout", Value: func(s api.ImportSummary) string { return s.Layout }},
		{Name: "rows", Value: n(func(s api.ImportSummary) int64 { return s.Rows }), Right: true},
		{Name: "added", Value: n(func(s api.ImportSummary) int64 { return s.Added }), Right: true},
		{Name: "same", Value: n(func(s api.ImportSummary) int64 { return s.Same }), Right: true},
		{Name: "replaced", Value: n(func(s api.ImportSummary) int64 { return s.Replaced }), Right: true},
		{Name: "conflicts", Value: n(func(s api.ImportSummary) int64 { return s.Conflicts }), Right: true},
		{Name: "rejected", Value: n(func(s api.ImportSummary) int64 { return s.Rejected }), Right: true},
	}
}

package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

// maxTrialDays bounds the daily returns of one trial: more than a century.
const maxTrialDays = 40_000

// RecordTrial writes trials into the ledger, before they run. The same trial again adds nothing.
func (d *DB) RecordTrial(ctx context.Context, trials ...research.CampaignTrial) error {
	for i := range trials {
		if err := trialNames(&trials[i]); err != nil {
			return err
		}
	}
	return d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
		for i := range trials {
			if err := recordTrial(ctx, tx, &trials[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func trialNames(t *research.CampaignTrial) error {
	if t.User == "" || t.Algorithm == "" || len(t.Markets) == 0 {
		return fmt.Errorf("trial: %w: it names no user, algorithm or market", ErrInvalid)
	}
	return nil
}

// notChoices are the stages of what could not have been chosen. The same backtest may be run in such a stage first, and as a choice later.
const notChoices = "'" + research.StageCosts + "', '" + research.StageHoldout + "', '" + research.StageReplay + "'"

func recordTrial(ctx context.Context, tx dialect.Tx, t *research.CampaignTrial) error {
	id := t.ID()
	read := int64(0)
	if !t.Read.IsZero() {
		read = t.Read.UnixMilli()
	}
	_, err := tx.Exec(ctx, `INSERT INTO campaign_trials (id, user_id, algorithm, code_hash, strategy, stage, session, interval_s, from_ms, to_ms, settings, recorded_ms, read_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (id) DO UPDATE
		SET read_ms = CASE WHEN excluded.read_ms > campaign_trials.read_ms THEN excluded.read_ms ELSE campaign_trials.read_ms END,
			stage = CASE WHEN campaign_trials.stage IN (`+notChoices+`) AND excluded.stage NOT IN (`+notChoices+`) THEN excluded.stage ELSE campaign_trials.stage END`,
		id, t.User, t.Algorithm, t.CodeHash, t.Strategy, t.Stage, t.Session, int64(t.Interval), t.From.UnixMilli(), t.To.UnixMilli(), t.Settings, t.Recorded.UnixMilli(), read)
	if err != nil {
		return err
	}
	for _, m := range t.Markets {
		if _, err := tx.Exec(ctx, "INSERT INTO campaign_assets (user_id, asset, trial) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", t.User, m.Base, id); err != nil {
			return err
		}
	}
	return nil
}

// RecordLook writes down that a trial is about to look at the hold-out that began at sealed, with the trial.
func (d *DB) RecordLook(ctx context.Context, t research.CampaignTrial, sealed time.Time) error {
	if err := trialNames(&t); err != nil {
		return err
	}
	return d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
		if err := recordTrial(ctx, tx, &t); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO holdout_looks (trial, sealed_ms, at_ms) VALUES ($1, $2, $3)", t.ID(), sealed.UnixMilli(), t.Recorded.UnixMilli())
		return err
	})
}

// EndTrial adds what came of recorded trials. What one has already stands. The same backtest gives the same returns, unless the prices are others
// now (there are more of them, or better ones): then it is another trial, beside the first.
func (d *DB) EndTrial(ctx context.Context, trials ...research.CampaignTrial) error {
	blobs := make([][]byte, len(trials))
	for i := range trials {
		var err error
		if blobs[i], err = trialBlob(trials[i].Returns); err != nil {
			return err
		}
	}
	return d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
		for i := range trials {
			t, id := &trials[i], trials[i].ID()
			n, err := tx.Exec(ctx, "UPDATE campaign_trials SET sharpe = $2, first_day = $3, returns = $4 WHERE id = $1 AND returns IS NULL", id, t.Sharpe, t.FirstDay, blobs[i])
			if err == nil && n == 0 {
				err = endedOtherwise(ctx, tx, t, id, blobs[i])
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// endedOtherwise keeps what came of a trial that had come out already, where that is not the same.
func endedOtherwise(ctx context.Context, tx dialect.Tx, t *research.CampaignTrial, id string, blob []byte) error {
	same, err := queryAll(ctx, tx, func(r dialect.Rows) (b []byte, err error) { return b, r.Scan(&b) }, "SELECT returns FROM campaign_trials WHERE id = $1", id)
	if err != nil || len(same) == 0 || bytes.Equal(same[0], blob) {
		return err
	}
	sum := sha256.Sum256(append([]byte(id), blob...))
	other := hex.EncodeToString(sum[:])
	n, err := tx.Exec(ctx, `INSERT INTO campaign_trials (id, user_id, algorithm, code_hash, strategy, stage, session, interval_s, from_ms, to_ms, settings, recorded_ms, read_ms, sharpe, first_day, returns)
		SELECT $2, user_id, algorithm, code_hash, strategy, stage, $3, interval_s, from_ms, to_ms, settings, $4, read_ms, $5, $6, $7 FROM campaign_trials WHERE id = $1 ON CONFLICT (id) DO NOTHING`,
		id, other, t.Session, t.Recorded.UnixMilli(), t.Sharpe, t.FirstDay, blob)
	if err != nil || n == 0 {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO campaign_assets (user_id, asset, trial) SELECT user_id, asset, $2 FROM campaign_assets WHERE trial = $1 ON CONFLICT DO NOTHING", id, other)
	return err
}

func trialBlob(returns []float64) ([]byte, error) {
	if len(returns) > maxTrialDays {
		return nil, fmt.Errorf("trial: %w: %d days of returns, the limit is %d", ErrInvalid, len(returns), maxTrialDays)
	}
	blob := make([]byte, 0, 8*len(returns))
	for _, r := range returns {
		if math.IsNaN(r) || math.IsInf(r, 0) {
			return nil, fmt.Errorf("trial: %w: a return of %v", ErrInvalid, r)
		}
		blob = binary.LittleEndian.AppendUint64(blob, math.Float64bits(r))
	}
	return blob, nil
}

// Campaign returns what the user has tried on an asset of any of the markets, or with the script that has this hash.
func (d *DB) Campaign(ctx context.Context, user, codeHash string, markets []market.Market) (research.Campaign, error) {
	if len(markets) == 0 {
		return research.Campaign{}, nil
	}
	args := []any{user, codeHash}
	marks := make([]string, len(markets))
	for i, m := range markets {
		args = append(args, m.Base)
		marks[i] = fmt.Sprintf("$%d", len(args))
	}
	which := "(SELECT trial FROM campaign_assets WHERE user_id = $1 AND asset IN (" + strings.Join(marks, ", ") + ") UNION SELECT id FROM campaign_trials WHERE user_id = $1 AND code_hash = $2)"
	var c research.Campaign
	err := d.drv.View(ctx, func(r dialect.Reader) error {
		var n, looks, seen, read int64
		if err := queryRow(ctx, r, "SELECT count(*), coalesce(max(first_day + length(returns) / 8), 0), coalesce(max(read_ms), 0) FROM campaign_trials WHERE id IN "+which, args, &n, &seen, &read); err != nil {
			return err
		}
		if err := queryRow(ctx, r, "SELECT count(*) FROM holdout_looks WHERE trial IN "+which, args, &looks); err != nil {
			return err
		}
		c.Trials, c.Looks = int(n), int(looks)
		if seen = max(seen*86_400_000, read); seen > 0 {
			c.Seen = time.UnixMilli(seen).UTC()
		}
		var err error
		if c.Ratios, err = queryAll(ctx, r, func(r dialect.Rows) (v research.Ratio, err error) { return v, r.Scan(&v.Sharpe, &v.Days) }, "SELECT sharpe, length(returns) / 8 FROM campaign_trials WHERE id IN "+which+
			fmt.Sprintf(" AND sharpe IS NOT NULL AND stage NOT IN ("+notChoices+") ORDER BY recorded_ms DESC, id LIMIT %d", research.MaxCampaignRatios), args...); err != nil {
			return err
		}
		c.Ran, err = queryAll(ctx, r, scanTrial, `SELECT id, user_id, algorithm, code_hash, strategy, stage, session, interval_s, from_ms, to_ms, settings, recorded_ms, sharpe, first_day, returns
			FROM campaign_trials WHERE id IN `+which+fmt.Sprintf(" AND returns IS NOT NULL ORDER BY id LIMIT %d", research.MaxCampaignResults), args...)
		return err
	})
	if err != nil {
		return research.Campaign{}, fmt.Errorf("campaign on %v: %w", markets, err)
	}
	return c, nil
}

func scanTrial(r dialect.Rows) (t research.CampaignTrial, err error) {
	var interval, from, to, recorded int64
	var blob []byte
	if err := r.Scan(&t.Key, &t.User, &t.Algorithm, &t.CodeHash, &t.Strategy, &t.Stage, &t.Session, &interval, &from, &to, &t.Settings, &recorded, &t.Sharpe, &t.FirstDay, &blob); err != nil {
		return t, err
	}
	if len(blob)%8 != 0 {
		return t, errors.New("a trial's returns are cut off")
	}
	t.Interval, t.From, t.To, t.Recorded = market.Interval(interval), time.UnixMilli(from).UTC(), time.UnixMilli(to).UTC(), time.UnixMilli(recorded).UTC()
	t.Returns = make([]float64, len(blob)/8)
	for i := range t.Returns {
		t.Returns[i] = math.Float64frombits(binary.LittleEndian.Uint64(blob[8*i:]))
	}
	return t, nil
}

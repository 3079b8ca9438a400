-- +goose Up
-- Every backtest that anybody runs, recorded before its result is shown. A candidate is judged against all that its user has
-- tried on any of its assets or with its script, whatever session that was of and whatever it was called: nothing deletes from here.
CREATE TABLE campaign_trials (
    id          TEXT PRIMARY KEY, -- SHA-256 over what the trial is: the same one again is the same row
    user_id     TEXT NOT NULL,
    algorithm   TEXT NOT NULL, -- content's hash
    code_hash   TEXT NOT NULL,
    strategy    TEXT NOT NULL,
    stage       TEXT NOT NULL,
    session     TEXT NOT NULL, -- of the lab; empty where there was none
    interval_s  BIGINT NOT NULL,
    from_ms     BIGINT NOT NULL,
    to_ms       BIGINT NOT NULL,
    settings    TEXT NOT NULL, -- their hash
    recorded_ms BIGINT NOT NULL,
    sharpe      REAL, -- of the daily returns, per day; null until it has run, and where it has none
    first_day   BIGINT, -- days since 1970 of the first return; null until it has run
    returns     BLOB -- daily, 8 bytes each, little endian; null until it has run
);

CREATE INDEX campaign_trials_code ON campaign_trials (user_id, code_hash);

CREATE TABLE campaign_assets (
    user_id TEXT NOT NULL,
    asset   TEXT NOT NULL, -- the base of one of its markets
    trial   TEXT NOT NULL REFERENCES campaign_trials (id),
    PRIMARY KEY (user_id, asset, trial)
);

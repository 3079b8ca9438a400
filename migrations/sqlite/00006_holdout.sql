-- +goose Up
-- Every look at the sealed hold-out: by which trial, and where the seal began then. Nothing deletes from here, and the same trial's
-- second look is another row.
CREATE TABLE holdout_looks (
    id        INTEGER PRIMARY KEY,
    trial     TEXT NOT NULL REFERENCES campaign_trials (id),
    sealed_ms BIGINT NOT NULL,
    at_ms     BIGINT NOT NULL
);
CREATE INDEX holdout_looks_trial ON holdout_looks (trial);

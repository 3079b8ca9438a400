-- +goose Up
-- Up to where a trial was handed data, whatever came of it: what it may have shown is not unseen any more.
ALTER TABLE campaign_trials ADD COLUMN read_ms BIGINT NOT NULL DEFAULT 0;

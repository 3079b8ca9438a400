-- +goose Up
-- Evidence bundles: what was measured of an algorithm, named by the hash of its bytes. They are never changed.
CREATE TABLE evidence_bundles (
    user_id    TEXT NOT NULL,
    hash       TEXT NOT NULL, -- SHA-256 of body
    algorithm  TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    body       BLOB NOT NULL, -- JSON
    PRIMARY KEY (user_id, hash)
);
CREATE INDEX evidence_bundles_algorithm ON evidence_bundles (user_id, algorithm, created_ms);

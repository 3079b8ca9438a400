-- +goose Up
-- What was spent on models, by the UTC day on which it was meant to be: the worst case is written before a request is sent, and what it
-- came to when its answer is there. A crash in between leaves the worst case.
CREATE TABLE llm_spend (
    purpose  TEXT NOT NULL, -- what for: sentiment.rescore
    day      INTEGER NOT NULL, -- days since 1970
    requests INTEGER NOT NULL,
    tokens   INTEGER NOT NULL, -- sent and answered
    usd_nano INTEGER NOT NULL, -- billionths of a dollar; 0 where no price was known
    done     INTEGER NOT NULL, -- texts that were scored
    refused  INTEGER NOT NULL, -- texts whose score was not taken
    PRIMARY KEY (purpose, day)
);

-- How often a text was sent to be scored again, so that none is paid for without end.
CREATE TABLE rescore_tries (
    seq   INTEGER PRIMARY KEY, -- of the text's row
    tries INTEGER NOT NULL,
    at_ms INTEGER NOT NULL -- the newest
);
CREATE INDEX rescore_tries_by_time ON rescore_tries (at_ms);

-- +goose Up
-- The first schema of omc. The same tables with the same names stand in both dialects' folders.
--
-- Times of ledger rows (event_time: when it happened; known_time: when omc first knew it) are unix seconds UTC.
-- All other times (…_at, at, from_at, to_at) are RFC 3339 text, UTC, always with nine decimals, so that text order is time order.
-- Prices and amounts: columns without a type, which keep what they are given: REAL where the decimal has at most 15
-- significant digits (its shortest form is then the decimal itself), TEXT where it has more. Nothing is ever rounded.

-- People --------------------------------------------------------------------------------------------------------------

CREATE TABLE users (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL
);

-- Secrets are kept sealed: ciphertext, the id of the key that sealed it, and a masked label for people. Nothing else of them.
CREATE TABLE coinspot_credentials (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id),
    label        TEXT NOT NULL,
    masked_label TEXT NOT NULL,
    key_id       TEXT NOT NULL,
    sealed       BLOB NOT NULL,
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL,
    UNIQUE (user_id, label)
);

CREATE TABLE user_llm_credentials (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id),
    provider     TEXT NOT NULL,
    label        TEXT NOT NULL,
    masked_label TEXT NOT NULL,
    key_id       TEXT NOT NULL,
    sealed       BLOB NOT NULL,
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL,
    UNIQUE (user_id, provider, label)
);

-- Glass: prices -------------------------------------------------------------------------------------------------------

CREATE TABLE markets (
    id    INTEGER PRIMARY KEY,
    base  TEXT NOT NULL,
    quote TEXT NOT NULL,
    UNIQUE (base, quote)
);

CREATE TABLE sources (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

-- One bar of a market by its open time (event_time). The view prices shows them with names.
CREATE TABLE price_data_5min (
    market_id  INTEGER NOT NULL,
    event_time INTEGER NOT NULL,
    known_time INTEGER NOT NULL,
    open NOT NULL,
    high NOT NULL,
    low NOT NULL,
    close NOT NULL,
    volume,
    bid,
    ask,
    source_id  INTEGER NOT NULL,
    backfilled BOOLEAN NOT NULL,
    PRIMARY KEY (market_id, event_time)
) WITHOUT ROWID;

-- Bars of every other interval.
CREATE TABLE bars_other (
    market_id        INTEGER NOT NULL,
    interval_seconds INTEGER NOT NULL,
    event_time       INTEGER NOT NULL,
    known_time       INTEGER NOT NULL,
    open NOT NULL,
    high NOT NULL,
    low NOT NULL,
    close NOT NULL,
    volume,
    bid,
    ask,
    source_id        INTEGER NOT NULL,
    backfilled       BOOLEAN NOT NULL,
    PRIMARY KEY (market_id, interval_seconds, event_time)
) WITHOUT ROWID;

-- What a replaced bar said before, so that a question as of an earlier moment still gets the earlier answer.
CREATE TABLE price_revisions (
    market_id        INTEGER NOT NULL,
    interval_seconds INTEGER NOT NULL,
    event_time       INTEGER NOT NULL,
    revision         INTEGER NOT NULL,
    known_time       INTEGER NOT NULL,
    open NOT NULL,
    high NOT NULL,
    low NOT NULL,
    close NOT NULL,
    volume,
    bid,
    ask,
    source_id        INTEGER NOT NULL,
    backfilled       BOOLEAN NOT NULL,
    PRIMARY KEY (market_id, interval_seconds, event_time, revision)
) WITHOUT ROWID;

-- What is stored of each market and interval, kept in the same transaction as the bars.
CREATE TABLE price_coverage (
    market_id        INTEGER NOT NULL,
    interval_seconds INTEGER NOT NULL,
    bars             INTEGER NOT NULL,
    first_time       INTEGER NOT NULL,
    last_time        INTEGER NOT NULL,
    PRIMARY KEY (market_id, interval_seconds)
) WITHOUT ROWID;

CREATE TABLE price_sources (
    market_id        INTEGER NOT NULL,
    interval_seconds INTEGER NOT NULL,
    source_id        INTEGER NOT NULL,
    bars             INTEGER NOT NULL,
    PRIMARY KEY (market_id, interval_seconds, source_id)
) WITHOUT ROWID;

CREATE VIEW prices AS
SELECT m.base AS coin_type, m.quote, 300 AS interval_seconds, datetime(p.event_time, 'unixepoch') AS bar_time, p.event_time, p.known_time,
       p.open, p.high, p.low, p.close, p.volume, p.bid, p.ask, p.close AS last, s.name AS source, p.backfilled
FROM price_data_5min p JOIN markets m ON m.id = p.market_id JOIN sources s ON s.id = p.source_id
UNION ALL
SELECT m.base, m.quote, p.interval_seconds, datetime(p.event_time, 'unixepoch'), p.event_time, p.known_time,
       p.open, p.high, p.low, p.close, p.volume, p.bid, p.ask, p.close, s.name, p.backfilled
FROM bars_other p JOIN markets m ON m.id = p.market_id JOIN sources s ON s.id = p.source_id;

-- Glass: protocols, chains, smart money -------------------------------------------------------------------------------
-- In all of these an item that is revised upstream becomes a new row with its own known_time.

CREATE TABLE protocol_fundamentals (
    id            INTEGER PRIMARY KEY,
    event_time    INTEGER NOT NULL,
    known_time    INTEGER NOT NULL,
    protocol      TEXT NOT NULL,
    asset         TEXT NOT NULL,
    metric_name   TEXT NOT NULL,
    metric_value NOT NULL,
    source        TEXT NOT NULL,
    backfilled    BOOLEAN NOT NULL,
    collected_at  INTEGER NOT NULL,
    UNIQUE (source, protocol, metric_name, event_time, known_time)
);
CREATE INDEX protocol_fundamentals_by_time ON protocol_fundamentals (protocol, metric_name, event_time, known_time);

CREATE TABLE on_chain_metrics (
    id           INTEGER PRIMARY KEY,
    event_time   INTEGER NOT NULL,
    known_time   INTEGER NOT NULL,
    asset        TEXT NOT NULL,
    metric_name  TEXT NOT NULL,
    metric_value NOT NULL,
    source       TEXT NOT NULL,
    backfilled   BOOLEAN NOT NULL,
    collected_at INTEGER NOT NULL,
    UNIQUE (source, asset, metric_name, event_time, known_time)
);
CREATE INDEX on_chain_metrics_by_time ON on_chain_metrics (asset, metric_name, event_time, known_time);

CREATE TABLE smart_money_flow (
    id                   INTEGER PRIMARY KEY,
    event_time           INTEGER NOT NULL,
    known_time           INTEGER NOT NULL,
    token                TEXT NOT NULL,
    net_flow_usd NOT NULL,
    buying_wallet_count  INTEGER NOT NULL,
    selling_wallet_count INTEGER NOT NULL,
    buying_wallets       TEXT NOT NULL, -- JSON array
    selling_wallets      TEXT NOT NULL, -- JSON array
    source               TEXT NOT NULL,
    collected_at         INTEGER NOT NULL,
    UNIQUE (source, token, event_time, known_time)
);
CREATE INDEX smart_money_flow_by_time ON smart_money_flow (token, event_time, known_time);

-- Human ---------------------------------------------------------------------------------------------------------------

CREATE TABLE news_sentiment (
    id              INTEGER PRIMARY KEY,
    event_time      INTEGER NOT NULL,
    known_time      INTEGER NOT NULL,
    external_id     TEXT NOT NULL,
    title           TEXT NOT NULL,
    url             TEXT NOT NULL,
    source          TEXT NOT NULL,
    published_at    INTEGER NOT NULL,
    sentiment       TEXT NOT NULL,
    sentiment_score REAL NOT NULL,
    currencies      TEXT NOT NULL, -- JSON array
    UNIQUE (source, external_id, known_time)
);
CREATE INDEX news_sentiment_by_time ON news_sentiment (event_time, known_time);

CREATE TABLE social_sentiment (
    id          INTEGER PRIMARY KEY,
    event_time  INTEGER NOT NULL,
    known_time  INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    platform    TEXT NOT NULL,
    content     TEXT NOT NULL,
    score       REAL NOT NULL,
    sentiment   TEXT NOT NULL,
    currencies  TEXT NOT NULL, -- JSON array
    posted_at   INTEGER NOT NULL,
    UNIQUE (platform, external_id, known_time)
);
CREATE INDEX social_sentiment_by_time ON social_sentiment (event_time, known_time);

-- Catalyst ------------------------------------------------------------------------------------------------------------

CREATE TABLE catalyst_events (
    id            INTEGER PRIMARY KEY,
    event_time    INTEGER NOT NULL, -- may lie in the future: a scheduled unlock, a hearing
    known_time    INTEGER NOT NULL,
    external_id   TEXT NOT NULL,
    event_type    TEXT NOT NULL,
    title         TEXT NOT NULL,
    description   TEXT NOT NULL,
    impact_score  REAL NOT NULL,
    impact_reason TEXT NOT NULL,
    detected_at   INTEGER NOT NULL,
    currencies    TEXT NOT NULL, -- JSON array
    source        TEXT NOT NULL,
    UNIQUE (source, external_id, known_time)
);
CREATE INDEX catalyst_events_by_time ON catalyst_events (event_time, known_time);

-- Exchange: the floor's books. event_time and known_time run on the session's own clock --------------------------------

CREATE TABLE orders (
    session_id    TEXT NOT NULL,
    id            TEXT NOT NULL,
    user_id       TEXT NOT NULL,
    event_time    INTEGER NOT NULL, -- placed
    known_time    INTEGER NOT NULL, -- last changed
    coin_type     TEXT NOT NULL,
    quote         TEXT NOT NULL,
    side          TEXT NOT NULL,
    type          TEXT NOT NULL,
    quantity NOT NULL,
    limit_price NOT NULL, -- 0 for a market order
    status        TEXT NOT NULL,
    reason        TEXT NOT NULL,
    filled NOT NULL,
    average_price NOT NULL,
    fee NOT NULL,
    tag           TEXT NOT NULL,
    placed_at     TEXT NOT NULL,
    updated_at    TEXT NOT NULL,
    position      INTEGER NOT NULL, -- in the order they were first journalled, from 1 within the session
    PRIMARY KEY (session_id, id)
);
CREATE INDEX orders_by_user ON orders (user_id, placed_at);
CREATE INDEX orders_by_position ON orders (session_id, position);

CREATE TABLE trades (
    session_id TEXT NOT NULL,
    id         TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    order_id   TEXT NOT NULL,
    event_time INTEGER NOT NULL,
    known_time INTEGER NOT NULL,
    coin_type  TEXT NOT NULL,
    quote      TEXT NOT NULL,
    side       TEXT NOT NULL,
    quantity NOT NULL,
    price NOT NULL,
    fee NOT NULL,
    clipped    BOOLEAN NOT NULL,
    filled_at  TEXT NOT NULL,
    position   INTEGER NOT NULL,
    PRIMARY KEY (session_id, id)
);
CREATE INDEX trades_by_user ON trades (user_id, filled_at);
CREATE INDEX trades_by_position ON trades (session_id, position);

CREATE TABLE positions (
    session_id    TEXT NOT NULL,
    coin_type     TEXT NOT NULL,
    quote         TEXT NOT NULL,
    user_id       TEXT NOT NULL,
    event_time    INTEGER NOT NULL,
    known_time    INTEGER NOT NULL,
    quantity NOT NULL,
    average_price NOT NULL,
    total_cost NOT NULL,
    realised NOT NULL,
    fees NOT NULL,
    PRIMARY KEY (session_id, coin_type, quote)
);
CREATE INDEX positions_by_user ON positions (user_id);

-- The lab -------------------------------------------------------------------------------------------------------------

CREATE TABLE agent_sessions (
    id         TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL,
    goal       TEXT NOT NULL,
    model      TEXT NOT NULL,
    status     TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    body       TEXT NOT NULL -- the whole session as JSON
);
CREATE INDEX agent_sessions_by_user ON agent_sessions (user_id, created_at);

CREATE TABLE agent_events (
    session_id TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    at         TEXT NOT NULL,
    kind       TEXT NOT NULL,
    agent      TEXT NOT NULL,
    content    TEXT NOT NULL,
    data       TEXT, -- JSON
    PRIMARY KEY (session_id, seq)
) WITHOUT ROWID;

-- Which events an idempotency key brought.
CREATE TABLE agent_event_keys (
    session_id TEXT NOT NULL,
    key        TEXT NOT NULL,
    first_seq  INTEGER NOT NULL,
    events     INTEGER NOT NULL,
    PRIMARY KEY (session_id, key)
) WITHOUT ROWID;

CREATE TABLE agent_artifacts (
    session_id TEXT NOT NULL,
    id         TEXT NOT NULL, -- SHA-256 of the content
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size       INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    position   INTEGER NOT NULL,
    content    BLOB NOT NULL,
    PRIMARY KEY (session_id, id)
);
CREATE INDEX agent_artifacts_by_id ON agent_artifacts (id);

-- Every backtest of every candidate; none is ever removed.
CREATE TABLE trials (
    session_id TEXT NOT NULL,
    n          INTEGER NOT NULL,
    algorithm  TEXT NOT NULL,
    strategy   TEXT NOT NULL,
    stage      TEXT NOT NULL,
    from_at    TEXT NOT NULL,
    to_at      TEXT NOT NULL,
    created_at TEXT NOT NULL,
    body       TEXT NOT NULL, -- the whole trial as JSON
    PRIMARY KEY (session_id, n),
    UNIQUE (session_id, algorithm, stage, from_at, to_at)
);

CREATE TABLE checkpoint_threads (
    thread TEXT PRIMARY KEY,
    seq    INTEGER NOT NULL, -- of the latest checkpoint
    step   INTEGER NOT NULL
);

CREATE TABLE checkpoints (
    thread     TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    step       INTEGER NOT NULL,
    spent      INTEGER NOT NULL,
    node       TEXT NOT NULL,
    status     TEXT NOT NULL,
    created_at TEXT NOT NULL,
    state      BLOB NOT NULL,
    PRIMARY KEY (thread, seq)
);

CREATE TABLE checkpoint_writes (
    thread     TEXT NOT NULL,
    step       INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    key        TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    node       TEXT NOT NULL,
    created_at TEXT NOT NULL,
    value      BLOB NOT NULL,
    PRIMARY KEY (thread, step, kind, key)
);

-- Algorithms ----------------------------------------------------------------------------------------------------------

CREATE TABLE algorithms (
    user_id     TEXT NOT NULL,
    id          TEXT NOT NULL, -- SHA-256 of the content
    name        TEXT NOT NULL,
    state       TEXT NOT NULL,
    state_since TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    content     TEXT NOT NULL, -- JSON
    provenance  TEXT NOT NULL, -- JSON
    PRIMARY KEY (user_id, id)
);

CREATE TABLE algorithm_evidence (
    algorithm  TEXT PRIMARY KEY,
    updated_at TEXT NOT NULL,
    body       TEXT NOT NULL, -- JSON
    report     BLOB           -- JSON
);

-- The floor -----------------------------------------------------------------------------------------------------------

CREATE TABLE floor_sessions (
    id         TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL,
    algorithm  TEXT NOT NULL,
    mode       TEXT NOT NULL,
    feed       TEXT NOT NULL,
    status     TEXT NOT NULL,
    error      TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    inputs     INTEGER NOT NULL, -- newest input and line: their numbers have no holes
    lines      INTEGER NOT NULL,
    body       TEXT NOT NULL -- the session as it was started, as JSON
);
CREATE INDEX floor_sessions_by_user ON floor_sessions (user_id, created_at);

CREATE TABLE floor_inputs (
    session_id TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    at         TEXT NOT NULL,
    kind       TEXT NOT NULL,
    body       TEXT NOT NULL, -- JSON, byte for byte as given
    PRIMARY KEY (session_id, seq)
) WITHOUT ROWID;

CREATE TABLE floor_lines (
    session_id TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    input      INTEGER NOT NULL,
    at         TEXT NOT NULL,
    kind       TEXT NOT NULL,
    body       TEXT NOT NULL,
    hash       TEXT NOT NULL,
    PRIMARY KEY (session_id, seq)
) WITHOUT ROWID;

CREATE TABLE floor_accounts (
    session_id TEXT PRIMARY KEY,
    input      INTEGER NOT NULL,
    at         TEXT NOT NULL,
    cash NOT NULL,
    equity NOT NULL,
    body       TEXT NOT NULL -- the whole account as JSON
);

CREATE TABLE floor_equity (
    session_id TEXT NOT NULL,
    at         TEXT NOT NULL,
    equity NOT NULL,
    PRIMARY KEY (session_id, at)
) WITHOUT ROWID;

-- The audit log: each row's hash covers the row before ----------------------------------------------------------------

CREATE TABLE audit (
    seq     INTEGER PRIMARY KEY,
    at      TEXT NOT NULL,
    user_id TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL, -- JSON
    hash    TEXT NOT NULL
);

-- The newest row's number and hash, so that cutting off the end shows.
CREATE TABLE audit_head (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    seq  INTEGER NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');

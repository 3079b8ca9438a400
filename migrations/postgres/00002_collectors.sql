-- +goose Up
-- The four ledgers as collectors fill them. The tables dropped here held nothing before: no collector wrote them.
--
-- Times named …_ms are unix milliseconds UTC. Each record has event_ms (when it happened), known_ms (when omc first knew it) and,
-- where an upstream can revise it, superseded_ms (when omc knew better; the largest integer while it stands): a question as of T sees
-- the rows with known_ms <= T < superseded_ms. seq numbers everything that lands, over all tables, in commit order.

DROP TABLE protocol_fundamentals;
DROP TABLE on_chain_metrics;
DROP TABLE smart_money_flow;
DROP TABLE news_sentiment;
DROP TABLE social_sentiment;
DROP TABLE catalyst_events;

CREATE TABLE ledger_head (
    id  BIGINT PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL
);
INSERT INTO ledger_head (id, seq) VALUES (1, 0);

-- How much landed, by the UTC day on which it was known: what data statistics add up instead of counting rows.
CREATE TABLE ledger_counts (
    kind      TEXT NOT NULL, -- the table
    source_id BIGINT NOT NULL,
    day       BIGINT NOT NULL, -- days since 1970
    added     BIGINT NOT NULL, -- rows, revisions among them
    revised   BIGINT NOT NULL, -- of them
    first_ms  BIGINT NOT NULL, -- event times
    last_ms   BIGINT NOT NULL,
    known_ms  BIGINT NOT NULL, -- the newest
    PRIMARY KEY (kind, source_id, day)
);

-- Exchange ------------------------------------------------------------------------------------------------------------

-- What a venue quoted, one row each time it changed. A row without prices says that the venue quoted the market no more, or nonsense.
-- That a quote still stood is told by the polls that came after it (collector_runs).
CREATE TABLE quotes (
    seq       BIGINT PRIMARY KEY,
    market_id BIGINT NOT NULL,
    source_id BIGINT NOT NULL,
    event_ms  BIGINT NOT NULL,
    known_ms  BIGINT NOT NULL,
    bid NUMERIC,
    ask NUMERIC,
    last NUMERIC
);
CREATE INDEX quotes_by_known ON quotes (source_id, known_ms);
CREATE INDEX quotes_by_market ON quotes (market_id, source_id, event_ms);

-- The newest row of quotes, by market and source.
CREATE TABLE latest_quotes (
    market_id BIGINT NOT NULL,
    source_id BIGINT NOT NULL,
    seq       BIGINT NOT NULL,
    PRIMARY KEY (source_id, market_id)
);

-- What traded on a venue, as far as its public lists show it.
CREATE TABLE market_trades (
    seq         BIGINT PRIMARY KEY,
    market_id   BIGINT NOT NULL,
    source_id   BIGINT NOT NULL,
    external_id TEXT NOT NULL,
    event_ms    BIGINT NOT NULL,
    known_ms    BIGINT NOT NULL,
    side        TEXT NOT NULL,
    price NUMERIC NOT NULL,
    amount NUMERIC NOT NULL,
    UNIQUE (market_id, source_id, external_id)
);
CREATE INDEX market_trades_by_known ON market_trades (source_id, known_ms);
CREATE INDEX market_trades_by_time ON market_trades (market_id, event_ms);

-- Bars by UTC day, made from the bars when someone asks after they changed: price_days_stale says which days did. On both engines it is
-- a table and no materialised view: a view is as old as its last refresh, and refreshing one reads every bar there is.
CREATE TABLE price_days (
    market_id        BIGINT NOT NULL,
    interval_seconds BIGINT NOT NULL,
    day              BIGINT NOT NULL, -- days since 1970
    bars             BIGINT NOT NULL,
    first_time       BIGINT NOT NULL, -- open times
    last_time        BIGINT NOT NULL,
    known_time       BIGINT NOT NULL, -- the latest: from then on the day is known whole
    open NUMERIC NOT NULL,
    high NUMERIC NOT NULL,
    low NUMERIC NOT NULL,
    close NUMERIC NOT NULL,
    volume NUMERIC, -- sum of the bars that have one
    volatility       DOUBLE PRECISION, -- root of the sum of squared log returns from close to close
    PRIMARY KEY (market_id, interval_seconds, day)
);

CREATE TABLE price_days_stale (
    market_id        BIGINT NOT NULL,
    interval_seconds BIGINT NOT NULL,
    from_day         BIGINT NOT NULL,
    to_day           BIGINT NOT NULL, -- included
    PRIMARY KEY (market_id, interval_seconds, from_day, to_day)
);
INSERT INTO price_days_stale SELECT market_id, interval_seconds, first_time / 86400, last_time / 86400 FROM price_coverage WHERE bars > 0;

-- Glass ---------------------------------------------------------------------------------------------------------------

CREATE TABLE protocol_fundamentals (
    seq           BIGINT PRIMARY KEY,
    source_id     BIGINT NOT NULL,
    protocol      TEXT NOT NULL,
    asset         TEXT NOT NULL,
    metric_name   TEXT NOT NULL,
    event_ms      BIGINT NOT NULL,
    known_ms      BIGINT NOT NULL,
    superseded_ms BIGINT NOT NULL,
    metric_value NUMERIC NOT NULL
);
CREATE INDEX protocol_fundamentals_by_known ON protocol_fundamentals (source_id, known_ms);
CREATE INDEX protocol_fundamentals_by_end ON protocol_fundamentals (source_id, superseded_ms) WHERE superseded_ms < 9223372036854775807;
CREATE UNIQUE INDEX protocol_fundamentals_key ON protocol_fundamentals (protocol, metric_name, event_ms, source_id, known_ms);
CREATE INDEX protocol_fundamentals_by_source ON protocol_fundamentals (source_id, event_ms);
CREATE INDEX protocol_fundamentals_by_asset ON protocol_fundamentals (asset, metric_name, event_ms);

CREATE TABLE on_chain_metrics (
    seq           BIGINT PRIMARY KEY,
    source_id     BIGINT NOT NULL,
    asset         TEXT NOT NULL,
    metric_name   TEXT NOT NULL,
    event_ms      BIGINT NOT NULL,
    known_ms      BIGINT NOT NULL,
    superseded_ms BIGINT NOT NULL,
    metric_value NUMERIC NOT NULL
);
CREATE INDEX on_chain_metrics_by_known ON on_chain_metrics (source_id, known_ms);
CREATE INDEX on_chain_metrics_by_end ON on_chain_metrics (source_id, superseded_ms) WHERE superseded_ms < 9223372036854775807;
CREATE UNIQUE INDEX on_chain_metrics_key ON on_chain_metrics (asset, metric_name, event_ms, source_id, known_ms);
CREATE INDEX on_chain_metrics_by_source ON on_chain_metrics (source_id, event_ms);

CREATE TABLE smart_money_flow (
    seq                  BIGINT PRIMARY KEY,
    source_id            BIGINT NOT NULL,
    token                TEXT NOT NULL,
    chain                TEXT NOT NULL,
    address              TEXT NOT NULL,
    event_ms             BIGINT NOT NULL,
    known_ms             BIGINT NOT NULL,
    superseded_ms        BIGINT NOT NULL,
    hash TEXT NOT NULL, -- of what the upstream says: another hash is a revision
    window_seconds       BIGINT NOT NULL,
    net_flow_usd NUMERIC NOT NULL,
    buying_wallet_count  BIGINT NOT NULL,
    selling_wallet_count BIGINT NOT NULL,
    buying_wallets       TEXT NOT NULL, -- JSON array
    selling_wallets      TEXT NOT NULL  -- JSON array
);
CREATE INDEX smart_money_flow_by_known ON smart_money_flow (source_id, known_ms);
CREATE INDEX smart_money_flow_by_end ON smart_money_flow (source_id, superseded_ms) WHERE superseded_ms < 9223372036854775807;
CREATE UNIQUE INDEX smart_money_flow_key ON smart_money_flow (chain, address, window_seconds, event_ms, source_id, known_ms);
CREATE INDEX smart_money_flow_by_token ON smart_money_flow (token, event_ms);
CREATE INDEX smart_money_flow_by_time ON smart_money_flow (event_ms);

-- Human ---------------------------------------------------------------------------------------------------------------

CREATE TABLE news_sentiment (
    seq             BIGINT PRIMARY KEY,
    source_id       BIGINT NOT NULL, -- the collector's upstream
    publisher       TEXT NOT NULL,
    external_id     TEXT NOT NULL,
    event_ms        BIGINT NOT NULL, -- published
    known_ms        BIGINT NOT NULL,
    superseded_ms   BIGINT NOT NULL,
    hash TEXT NOT NULL, -- of what the upstream says: another hash is a revision
    title           TEXT NOT NULL,
    url             TEXT NOT NULL,
    summary         TEXT NOT NULL,
    sentiment       TEXT NOT NULL,
    sentiment_score NUMERIC NOT NULL,
    scorer          TEXT NOT NULL,
    currencies      TEXT NOT NULL -- JSON array
);
CREATE INDEX news_sentiment_by_known ON news_sentiment (source_id, known_ms);
CREATE INDEX news_sentiment_by_end ON news_sentiment (source_id, superseded_ms) WHERE superseded_ms < 9223372036854775807;
CREATE UNIQUE INDEX news_sentiment_key ON news_sentiment (external_id, publisher, source_id, known_ms);
CREATE INDEX news_sentiment_by_time ON news_sentiment (event_ms);

CREATE TABLE social_sentiment (
    seq           BIGINT PRIMARY KEY,
    source_id     BIGINT NOT NULL,
    platform      TEXT NOT NULL,
    channel       TEXT NOT NULL,
    external_id   TEXT NOT NULL,
    event_ms      BIGINT NOT NULL, -- posted
    known_ms      BIGINT NOT NULL,
    superseded_ms BIGINT NOT NULL,
    hash TEXT NOT NULL, -- of what the upstream says: another hash is a revision
    content       TEXT NOT NULL,
    url           TEXT NOT NULL,
    engagement    BIGINT NOT NULL,
    sentiment     TEXT NOT NULL,
    score NUMERIC NOT NULL,
    scorer        TEXT NOT NULL,
    currencies    TEXT NOT NULL -- JSON array
);
CREATE INDEX social_sentiment_by_known ON social_sentiment (source_id, known_ms);
CREATE INDEX social_sentiment_by_end ON social_sentiment (source_id, superseded_ms) WHERE superseded_ms < 9223372036854775807;
CREATE UNIQUE INDEX social_sentiment_key ON social_sentiment (external_id, platform, source_id, known_ms);
CREATE INDEX social_sentiment_by_time ON social_sentiment (event_ms);

-- Catalyst ------------------------------------------------------------------------------------------------------------

CREATE TABLE catalyst_events (
    seq           BIGINT PRIMARY KEY,
    source_id     BIGINT NOT NULL,
    origin        TEXT NOT NULL,
    external_id   TEXT NOT NULL,
    event_type    TEXT NOT NULL,
    event_ms      BIGINT NOT NULL, -- may lie in the future: a scheduled unlock, a hearing
    known_ms      BIGINT NOT NULL, -- detected
    superseded_ms BIGINT NOT NULL,
    hash TEXT NOT NULL, -- of what the upstream says: another hash is a revision
    title         TEXT NOT NULL,
    description   TEXT NOT NULL,
    url           TEXT NOT NULL,
    impact_score NUMERIC NOT NULL,
    impact_reason TEXT NOT NULL,
    currencies    TEXT NOT NULL, -- JSON array
    facts         TEXT NOT NULL  -- JSON object
);
CREATE INDEX catalyst_events_by_known ON catalyst_events (source_id, known_ms);
CREATE INDEX catalyst_events_by_end ON catalyst_events (source_id, superseded_ms) WHERE superseded_ms < 9223372036854775807;
CREATE UNIQUE INDEX catalyst_events_key ON catalyst_events (external_id, origin, source_id, known_ms);
CREATE INDEX catalyst_events_by_time ON catalyst_events (event_ms);

-- Which texts and events speak of a coin. kind: news, post, event.
CREATE TABLE item_coins (
    coin     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    event_ms BIGINT NOT NULL,
    seq      BIGINT NOT NULL,
    PRIMARY KEY (coin, kind, event_ms, seq)
);

-- Collectors ----------------------------------------------------------------------------------------------------------

CREATE TABLE collectors (
    name        TEXT PRIMARY KEY,
    claim       BIGINT NOT NULL, -- counts the polls begun; only the newest may land
    busy_ms     BIGINT NOT NULL, -- until when the poll under way has the feed for itself; 0: none
    owner       TEXT NOT NULL,    -- which process polls
    tick_ms     BIGINT NOT NULL, -- planned time of the newest poll begun
    paused      BOOLEAN NOT NULL,
    cursor      BYTEA,
    ok_ms       BIGINT NOT NULL, -- end of the newest poll that went well; 0: none
    newest_ms   BIGINT NOT NULL, -- event time of the newest record landed; 0: none
    error       TEXT NOT NULL,    -- of the newest poll, empty where it went well
    error_ms    BIGINT NOT NULL,
    failed      BIGINT NOT NULL, -- polls in a row
    runs        BIGINT NOT NULL,
    failures    BIGINT NOT NULL,
    rows_landed BIGINT NOT NULL,
    quarantined BIGINT NOT NULL
);

CREATE TABLE collector_runs (
    collector  TEXT NOT NULL,
    claim      BIGINT NOT NULL,
    tick_ms    BIGINT NOT NULL,
    started_ms BIGINT NOT NULL,
    read_ms    BIGINT NOT NULL, -- when the answer was read; 0: there was none
    took_ms    BIGINT NOT NULL,
    error      TEXT NOT NULL,
    landed     BIGINT NOT NULL,
    same       BIGINT NOT NULL, -- records that were there already
    rejected   BIGINT NOT NULL,
    lag_ms     BIGINT NOT NULL, -- of the newest record landed: known − event; −1: none landed
    requests   BIGINT NOT NULL,
    PRIMARY KEY (collector, claim)
);
CREATE INDEX collector_runs_by_read ON collector_runs (collector, read_ms);
CREATE INDEX collector_runs_by_start ON collector_runs (started_ms);

-- Times over which a feed was not polled, or not with success. repaired_ms: when the upstream's history filled it; 0: it has not.
CREATE TABLE collector_gaps (
    collector   TEXT NOT NULL,
    from_ms     BIGINT NOT NULL,
    to_ms       BIGINT NOT NULL,
    reason      TEXT NOT NULL,
    repaired_ms BIGINT NOT NULL,
    PRIMARY KEY (collector, from_ms)
);

-- What could not be taken, with the bytes. The same bytes for the same reason are one row.
CREATE TABLE quarantine (
    id        BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    collector TEXT NOT NULL,
    source    TEXT NOT NULL,
    hash      TEXT NOT NULL,
    reason    TEXT NOT NULL,
    bytes     BYTEA NOT NULL, -- the first 16 KiB
    size      BIGINT NOT NULL,
    seen      BIGINT NOT NULL, -- times
    first_ms  BIGINT NOT NULL,
    last_ms   BIGINT NOT NULL,
    UNIQUE (collector, hash)
);
CREATE INDEX quarantine_by_time ON quarantine (last_ms);

-- +goose Up
-- Searches whose points are evaluated by whatever process has time. alive_ms is when the process that asked was last there: where it
-- is gone, nobody goes on.
CREATE TABLE searches (
    id        TEXT PRIMARY KEY,
    user_id   TEXT NOT NULL,
    request   TEXT NOT NULL,
    data_hash TEXT NOT NULL,
    alive_ms  BIGINT NOT NULL
);
-- One evaluation of one point. beat_ms is when it was last asked for or worked at; taken says that the result has been read.
CREATE TABLE search_points (
    search  TEXT NOT NULL REFERENCES searches (id) ON DELETE CASCADE,
    n       BIGINT NOT NULL,
    args    TEXT NOT NULL,
    worker  TEXT NOT NULL,
    beat_ms BIGINT NOT NULL,
    result  TEXT NOT NULL,
    taken   BIGINT NOT NULL,
    PRIMARY KEY (search, n)
);

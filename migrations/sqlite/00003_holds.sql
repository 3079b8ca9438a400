-- +goose Up
-- What puts a feed off, and that a person asked for it: it survives the process that was told.
ALTER TABLE collectors ADD COLUMN held_ms INTEGER NOT NULL DEFAULT 0; -- until when nothing is asked; 0: nothing holds it
ALTER TABLE collectors ADD COLUMN held TEXT NOT NULL DEFAULT ''; -- why
ALTER TABLE collectors ADD COLUMN held_by TEXT NOT NULL DEFAULT ''; -- upstream: it asked for that, or source: omc's own plan
ALTER TABLE collectors ADD COLUMN idle_ms INTEGER NOT NULL DEFAULT 0; -- end of the newest poll that found nothing due; 0: none
ALTER TABLE collectors ADD COLUMN asked_ms INTEGER NOT NULL DEFAULT 0; -- when a person asked for a poll that has not begun; 0: nobody did

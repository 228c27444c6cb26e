-- Under which public address this machine was seen: the last one that two echo services agreed on, and what they said since.
CREATE TABLE public_address (
    -- `v4` or `v6`
    family      TEXT NOT NULL PRIMARY KEY,
    address     TEXT,
    since       INTEGER,
    seen_at     INTEGER,
    -- JSON: which services said so
    said_by     TEXT NOT NULL,
    -- the one before
    before      TEXT,
    asked_at    INTEGER NOT NULL,
    heard       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

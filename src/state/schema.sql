-- The ledger, as of migration 1. Times are microseconds since 1970 (UTC). Columns called `sealed` hold what only the vault opens.

CREATE TABLE migration (
    number      INTEGER PRIMARY KEY,
    applied_at  INTEGER NOT NULL
) STRICT;

-- One row: which ledger this is, and what concerns the installation as a whole.
CREATE TABLE ledger (
    only_row            INTEGER PRIMARY KEY CHECK (only_row = 1),
    id                  TEXT NOT NULL,
    firm                TEXT NOT NULL,
    key_check           BLOB NOT NULL,
    clean_stop          INTEGER NOT NULL DEFAULT 1,
    started_at          INTEGER,
    stopped_at          INTEGER,
    source_read_at      INTEGER,
    source_trouble      TEXT,
    source_schema       TEXT
) STRICT;

-- Firm ids whose stamps are ours: the ledger's own, and those a person took over.
CREATE TABLE firm (
    id          TEXT PRIMARY KEY,
    since       INTEGER NOT NULL
) STRICT;

-- Every start of an engine on this ledger.
CREATE TABLE epoch (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch       TEXT NOT NULL UNIQUE,
    begun_at    INTEGER NOT NULL
) STRICT;

-- Owners found in folders that a person allowed us to follow.
CREATE TABLE accepted_owner (
    owner       TEXT PRIMARY KEY,
    accepted_at INTEGER NOT NULL
) STRICT;

-- Host names do not tell upper from lower case; folder ids do.
CREATE TABLE mailbox (
    id                      INTEGER PRIMARY KEY AUTOINCREMENT,
    server                  TEXT NOT NULL COLLATE NOCASE,
    root                    TEXT NOT NULL,
    known_since             INTEGER NOT NULL,
    asleep                  INTEGER NOT NULL DEFAULT 0,
    first_write_released    INTEGER NOT NULL DEFAULT 0,
    proven_at               INTEGER,
    proven_how              TEXT,
    UNIQUE (server, root)
) STRICT;

CREATE TABLE user (
    name            TEXT PRIMARY KEY,
    details         TEXT NOT NULL,
    link            TEXT NOT NULL,
    parked          TEXT,
    paused          INTEGER,
    waiting         TEXT,
    mailbox         INTEGER REFERENCES mailbox (id) ON DELETE SET NULL,
    refused         INTEGER NOT NULL DEFAULT 0,
    confirmation    BLOB
) STRICT;
CREATE INDEX user_by_mailbox ON user (mailbox);

CREATE TABLE secret (
    name        TEXT PRIMARY KEY,
    sealed      BLOB NOT NULL
) STRICT;

-- Per kind: the folder we sync into, and where its next observation continues.
CREATE TABLE folder (
    mailbox             INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    kind                TEXT NOT NULL,
    folder              TEXT NOT NULL,
    token               TEXT,
    observed_at         INTEGER,
    fully_observed_at   INTEGER,
    claimed             TEXT,
    PRIMARY KEY (mailbox, kind)
) STRICT, WITHOUT ROWID;

-- The last observation. `key` is set for items whose stamp is ours.
CREATE TABLE observed (
    number      INTEGER PRIMARY KEY,
    mailbox     INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    item        TEXT NOT NULL,
    change_key  TEXT NOT NULL,
    place       TEXT NOT NULL,
    created     INTEGER,
    stamp       TEXT,
    key         TEXT,
    -- 1: not seen but written by us, after the last observation. The next one must show it.
    written     INTEGER NOT NULL,
    UNIQUE (mailbox, item)
) STRICT;
CREATE INDEX observed_by_key ON observed (mailbox, key) WHERE key IS NOT NULL;
CREATE INDEX observed_by_kind ON observed (mailbox, kind);
CREATE INDEX observed_of_others ON observed (mailbox, kind) WHERE key IS NULL AND stamp IS NOT NULL;

-- The item we own for a key. What was written into it is a row of its own, so that a look at all keys stays cheap.
CREATE TABLE mirror (
    mailbox     INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    key         TEXT NOT NULL,
    kind        TEXT NOT NULL,
    query       TEXT NOT NULL,
    item        TEXT NOT NULL,
    change_key  TEXT NOT NULL,
    place       TEXT NOT NULL,
    fingerprint BLOB,
    kept        INTEGER NOT NULL,
    restores    INTEGER NOT NULL,
    PRIMARY KEY (mailbox, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX mirror_by_key ON mirror (key);
CREATE INDEX mirror_by_query ON mirror (mailbox, kind, query) WHERE kept = 1;

-- How many items each mirror keeps, counted as they come and go: the firm's budget is measured against all mirrors together
-- at every pass, and must not cost a walk over all of them.
CREATE TABLE mirror_size (
    mailbox     INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    items       INTEGER NOT NULL,
    PRIMARY KEY (mailbox, kind)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER mirror_grows AFTER INSERT ON mirror WHEN new.kept = 1 BEGIN
    INSERT INTO mirror_size (mailbox, kind, items) VALUES (new.mailbox, new.kind, 1)
    ON CONFLICT DO UPDATE SET items = items + 1;
END;
CREATE TRIGGER mirror_shrinks AFTER DELETE ON mirror WHEN old.kept = 1 BEGIN
    UPDATE mirror_size SET items = items - 1 WHERE mailbox = old.mailbox AND kind = old.kind;
END;
CREATE TRIGGER mirror_keeps AFTER UPDATE OF kept ON mirror WHEN new.kept <> old.kept BEGIN
    INSERT INTO mirror_size (mailbox, kind, items) VALUES (new.mailbox, new.kind, new.kept - old.kept)
    ON CONFLICT DO UPDATE SET items = items + excluded.items;
END;

CREATE TABLE written (
    number      INTEGER PRIMARY KEY,
    mailbox     INTEGER NOT NULL,
    key         TEXT NOT NULL,
    sealed      BLOB NOT NULL,
    UNIQUE (mailbox, key),
    FOREIGN KEY (mailbox, key) REFERENCES mirror (mailbox, key) ON DELETE CASCADE
) STRICT;

-- Stamped items that are copies a user made.
CREATE TABLE foreign_item (
    mailbox     INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    item        TEXT NOT NULL,
    key         TEXT NOT NULL,
    since       INTEGER NOT NULL,
    PRIMARY KEY (mailbox, item)
) STRICT, WITHOUT ROWID;

-- What was about to be sent and is not settled. A row that is settled is removed; the history keeps what became of it.
CREATE TABLE intent (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox     INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    run         INTEGER NOT NULL,
    begun_at    INTEGER NOT NULL,
    key         TEXT NOT NULL,
    sealed      BLOB NOT NULL
) STRICT;
CREATE INDEX intent_by_mailbox ON intent (mailbox);

CREATE TABLE parked_record (
    mailbox     INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    key         TEXT NOT NULL,
    fingerprint BLOB,
    since       INTEGER NOT NULL,
    sealed      BLOB NOT NULL,
    PRIMARY KEY (mailbox, key)
) STRICT, WITHOUT ROWID;

-- What was charged to the budgets, and how the mirror grew. No reference to the mailbox: the firm's budget remembers what
-- was done in mailboxes that are forgotten.
CREATE TABLE spent (
    mailbox     INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    class       TEXT NOT NULL,
    at          INTEGER NOT NULL,
    operations  INTEGER NOT NULL,
    PRIMARY KEY (mailbox, kind, class, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_by_time ON spent (at);

CREATE TABLE growth (
    mailbox     INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    at          INTEGER NOT NULL,
    items       INTEGER NOT NULL,
    PRIMARY KEY (mailbox, kind, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX growth_by_time ON growth (at);

-- What waits for a person. `identity` is what makes two holds of successive plans the same one.
CREATE TABLE hold (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox     INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    user        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    identity    TEXT NOT NULL,
    reason      TEXT NOT NULL,
    operations  INTEGER NOT NULL,
    sealed      BLOB NOT NULL,
    since       INTEGER NOT NULL,
    planned     INTEGER NOT NULL,
    released_at INTEGER,
    closed_at   INTEGER
) STRICT;
CREATE UNIQUE INDEX hold_open ON hold (mailbox, kind, identity) WHERE closed_at IS NULL;

CREATE TABLE release (
    mailbox     INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    digest      BLOB NOT NULL,
    reason      TEXT NOT NULL,
    until       INTEGER NOT NULL,
    used        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (mailbox, digest, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE finding (
    number      INTEGER PRIMARY KEY,
    mailbox     INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    key         TEXT NOT NULL,
    found_at    INTEGER NOT NULL,
    sealed      BLOB NOT NULL
) STRICT;
CREATE INDEX finding_by_key ON finding (mailbox, key);

CREATE TABLE row_problem (
    number      INTEGER PRIMARY KEY,
    query       TEXT NOT NULL,
    key         TEXT,
    found_at    INTEGER NOT NULL,
    sealed      BLOB NOT NULL
) STRICT;
CREATE INDEX row_problem_by_query ON row_problem (query, key);

CREATE TABLE proposal (
    number      INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    mailbox     INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    key         TEXT NOT NULL,
    field       TEXT NOT NULL,
    sealed      BLOB NOT NULL
) STRICT;
CREATE INDEX proposal_by_key ON proposal (mailbox, key, field);

CREATE TABLE before_image (
    number      INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    mailbox     INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    key         TEXT NOT NULL,
    sealed      BLOB NOT NULL
) STRICT;
CREATE INDEX before_image_by_key ON before_image (mailbox, key);

CREATE TABLE run (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    user        TEXT,
    begun       INTEGER NOT NULL,
    ended       INTEGER,
    counts      TEXT NOT NULL,
    trouble     TEXT
) STRICT;
CREATE INDEX run_by_user ON run (user);

CREATE TABLE history (
    number      INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    run         INTEGER NOT NULL,
    mailbox     INTEGER NOT NULL,
    key         TEXT NOT NULL,
    what        TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    fields      TEXT NOT NULL,
    sealed      BLOB NOT NULL
) STRICT;
CREATE INDEX history_by_key ON history (key);
CREATE INDEX history_by_run ON history (run);

CREATE TABLE audit (
    number      INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    by          TEXT NOT NULL,
    user        TEXT,
    event       TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_is_not_rewritten BEFORE UPDATE ON audit BEGIN
    SELECT RAISE (ABORT, 'the audit trail is only added to');
END;
CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit BEGIN
    SELECT RAISE (ABORT, 'the audit trail is only added to');
END;

CREATE TABLE request (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    request     TEXT NOT NULL,
    made_at     INTEGER NOT NULL,
    taken_at    INTEGER,
    answered_at INTEGER,
    answer      TEXT
) STRICT;
CREATE INDEX request_waiting ON request (id) WHERE taken_at IS NULL;

-- Fields that a server does not keep.
CREATE TABLE dropped_field (
    server      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    field       TEXT NOT NULL,
    learned_at  INTEGER NOT NULL,
    PRIMARY KEY (server, kind, field)
) STRICT, WITHOUT ROWID;

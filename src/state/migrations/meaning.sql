-- What items were made from, and what rows mean: so that a changed row is told from a changed meaning.

-- Every meaning that was ever at work, with its parts as people read them.
CREATE TABLE meaning (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    parts       TEXT NOT NULL UNIQUE,
    known_since INTEGER NOT NULL
) STRICT;

-- Beside the fingerprint in `mirror`: the row's digest, the digest of its `changed` value, and its meaning when the item was
-- last written or found equal. `noticed_...`: what the row said when the meaning at work now was first met, while its item
-- waits. A key without a row here was written before origins were kept.
CREATE TABLE origin (
    mailbox         INTEGER NOT NULL,
    key             TEXT NOT NULL,
    source          BLOB,
    mark            INTEGER NOT NULL DEFAULT 0,
    meaning         INTEGER,
    noticed_source  BLOB,
    noticed_meaning INTEGER,
    PRIMARY KEY (mailbox, key),
    FOREIGN KEY (mailbox, key) REFERENCES mirror (mailbox, key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Changes of meaning that a person agreed to, for every mailbox and for good.
CREATE TABLE meaning_approval (
    change      TEXT PRIMARY KEY,
    by          TEXT NOT NULL,
    at          INTEGER NOT NULL
) STRICT;

-- How far an approved change is: how many items there were at the approval.
CREATE TABLE rollout (
    changes     TEXT PRIMARY KEY,
    items       INTEGER NOT NULL,
    begun_at    INTEGER NOT NULL
) STRICT;

-- And how many each mailbox's last plan left.
CREATE TABLE rollout_left (
    mailbox     INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    changes     TEXT NOT NULL,
    items       INTEGER NOT NULL,
    PRIMARY KEY (mailbox, kind, changes)
) STRICT, WITHOUT ROWID;

-- What an earlier sync left in a mailbox and looks like our records, and what a person decided about it. `items` names the
-- items that look like the record, `sealed` holds what a person is shown of both. A row goes when the record has its item.
CREATE TABLE adoption (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox     INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    key         TEXT NOT NULL,
    items       TEXT NOT NULL,
    likeness    TEXT NOT NULL,
    verdict     TEXT NOT NULL,
    found_at    INTEGER NOT NULL,
    decision    TEXT,
    decided_at  INTEGER,
    decided_by  TEXT,
    -- 1: a plan has taken the decision up.
    taken_up    INTEGER NOT NULL DEFAULT 0,
    sealed      BLOB NOT NULL,
    UNIQUE (mailbox, key)
) STRICT;
CREATE INDEX adoption_to_take_up ON adoption (mailbox) WHERE decision IS NOT NULL AND taken_up = 0;

-- How many items without our stamp a folder held when it was compared, and how many of them look like no record.
CREATE TABLE leftover (
    mailbox     INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    items       INTEGER NOT NULL,
    unmatched   INTEGER NOT NULL,
    compared_at INTEGER NOT NULL,
    PRIMARY KEY (mailbox, kind)
) STRICT, WITHOUT ROWID;

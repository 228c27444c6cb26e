-- What an entry of the history replaced, and by which run it was undone.
ALTER TABLE history ADD COLUMN before_image INTEGER;
ALTER TABLE history ADD COLUMN undone_by INTEGER;

-- What a person asked to be undone: the entries of one record's history, and the operation that was shown for them.
CREATE TABLE undo (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox     INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    key         TEXT NOT NULL,
    asked_at    INTEGER NOT NULL,
    asked_by    TEXT NOT NULL,
    entries     TEXT NOT NULL,
    shown       BLOB,
    closed_at   INTEGER,
    refused     TEXT
) STRICT;
CREATE UNIQUE INDEX undo_open ON undo (mailbox, key) WHERE closed_at IS NULL;

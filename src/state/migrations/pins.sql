-- Fields of an item that an undo brought back, and that stay so until the record changes: another meaning does not write over them.
CREATE TABLE pin (
    mailbox     INTEGER NOT NULL,
    key         TEXT NOT NULL,
    field       TEXT NOT NULL,
    PRIMARY KEY (mailbox, key, field),
    FOREIGN KEY (mailbox, key) REFERENCES mirror (mailbox, key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

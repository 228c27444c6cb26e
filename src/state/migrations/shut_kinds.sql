-- Kinds that a mailbox does not let us into while it lets us into the others. `next_try` says when it is asked again; without one
-- it lets us in again, and the first plan for what nothing was written into yet waits for a person.
CREATE TABLE shut_kind (
    mailbox     INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    cause       TEXT NOT NULL,
    remedy      TEXT,
    since       INTEGER NOT NULL,
    tries       INTEGER NOT NULL,
    next_try    INTEGER,
    PRIMARY KEY (mailbox, kind)
) STRICT, WITHOUT ROWID;

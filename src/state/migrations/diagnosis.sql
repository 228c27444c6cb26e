-- Why a user's sign-in, or the way to the mailbox, last failed. `over_at` says since when it works again.
CREATE TABLE diagnosis (
    user        TEXT NOT NULL PRIMARY KEY REFERENCES user (name) ON DELETE CASCADE,
    host        TEXT NOT NULL COLLATE NOCASE,
    cause       TEXT NOT NULL,
    evidence    TEXT NOT NULL,
    since       INTEGER NOT NULL,
    seen        INTEGER NOT NULL,
    tries       INTEGER NOT NULL,
    next_try    INTEGER,
    over_at     INTEGER
) STRICT;

-- Credentials that a server refused, whoever sent them. `mark` is a digest under a secret key of this ledger: nobody can guess
-- passwords against it.
CREATE TABLE refused_credential (
    mark        BLOB NOT NULL PRIMARY KEY,
    refusals    INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    refusal     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

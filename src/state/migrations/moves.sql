-- Another way into a user's mailbox, beside the one that is in use: during a move the new one, afterwards the one before. It is a
-- link of its own (secrets, confirmation, proven mailbox), and no user: nobody is served by it.
ALTER TABLE user ADD COLUMN door_of TEXT REFERENCES user (name) ON DELETE CASCADE;

-- The move of a user from one way into the mailbox to the other, and how far it is.
CREATE TABLE move (
    user        TEXT NOT NULL PRIMARY KEY REFERENCES user (name) ON DELETE CASCADE,
    door        TEXT NOT NULL UNIQUE REFERENCES user (name) ON DELETE CASCADE,
    stage       TEXT NOT NULL,
    asked_by    TEXT NOT NULL,
    begun_at    INTEGER NOT NULL,
    -- 1: a person agreed that what is not in the new place is pushed anew.
    fresh       INTEGER NOT NULL DEFAULT 0,
    -- When it was last switched, and until when the way before is kept.
    moved_at    INTEGER,
    kept_until  INTEGER,
    -- What the last look at the new place came to (JSON), and what stopped it.
    found       TEXT,
    trouble     TEXT
) STRICT;

-- By which id an item was known before the last move of its mailbox: the way back begins with these.
CREATE TABLE moved_item (
    mailbox     INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    item        TEXT NOT NULL,
    before      TEXT NOT NULL,
    PRIMARY KEY (mailbox, item)
) STRICT, WITHOUT ROWID;

-- What autodiscover said of where a user's mailbox is. `followed`: the link goes there because of it; otherwise a person said where it
-- goes, and this is only known.
CREATE TABLE whereabouts (
    user        TEXT NOT NULL PRIMARY KEY REFERENCES user (name) ON DELETE CASCADE,
    protocol    TEXT NOT NULL,
    url         TEXT,
    reason      TEXT NOT NULL,
    evidence    TEXT NOT NULL,
    followed    INTEGER NOT NULL,
    found_at    INTEGER NOT NULL
) STRICT;

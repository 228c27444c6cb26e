-- When text messages were sent, for whom, and to which number (a digest under a sealed key): nobody is flooded with them, and
-- nobody spends the firm's money on them. Kept for two days.
CREATE TABLE text_message (
    number  INTEGER PRIMARY KEY,
    user    TEXT,
    phone   BLOB NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX text_message_at ON text_message (at);

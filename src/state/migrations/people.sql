-- Who works in the firm, as the practice database last said: to suggest links for those who have none, and to know since when
-- somebody is inactive. Names are sealed.
CREATE TABLE person (
    id TEXT NOT NULL PRIMARY KEY,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    since INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- For whom no link is to be suggested any more.
CREATE TABLE ignored_person (
    id TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

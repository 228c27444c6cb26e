-- The data key that seals this ledger, sealed once by each master key that is accepted: two while a master key is being changed.
-- `data_key` counts up when the data key is changed; all rows have the same.
CREATE TABLE key_slot (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    data_key    INTEGER NOT NULL,
    since       INTEGER NOT NULL,
    sealed      BLOB NOT NULL
) STRICT;

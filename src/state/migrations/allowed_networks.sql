-- From which public networks a service account may sign in, as the firm's IT entered it.
CREATE TABLE allowed_network (
    account     TEXT NOT NULL REFERENCES service_accounts (name) ON DELETE CASCADE,
    network     TEXT NOT NULL,
    -- The name of the place (named location) in which the Exchange administrator allowed it.
    location    TEXT,
    allowed_at  INTEGER NOT NULL,
    allowed_by  TEXT NOT NULL,
    PRIMARY KEY (account, network)
) STRICT, WITHOUT ROWID;

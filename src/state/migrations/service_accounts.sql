-- Accounts through which many users' mailboxes are reached. Password or refresh token are sealed in `secret`, as
-- `service-account/NAME/password` and `service-account/NAME/refresh`. A user names its account in `details`.
CREATE TABLE service_accounts (
    name        TEXT NOT NULL PRIMARY KEY,
    -- What was entered (JSON: method, login, protocol, url).
    details     TEXT NOT NULL,
    added_at    INTEGER NOT NULL,
    -- When its secret was last given.
    secret_at   INTEGER
) STRICT, WITHOUT ROWID;

-- As `sign_in_grant`, of an account that signed in by OAuth.
CREATE TABLE service_account_grant (
    account         TEXT PRIMARY KEY REFERENCES service_accounts (name) ON DELETE CASCADE,
    given_at        INTEGER NOT NULL,
    used_at         INTEGER NOT NULL,
    generation      INTEGER NOT NULL,
    claimed_by      TEXT,
    claimed_until   INTEGER
) STRICT, WITHOUT ROWID;

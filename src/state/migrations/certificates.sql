-- Certificates that service accounts sign in with as apps. The private key of each is sealed in `secret`, as
-- `service-account/ACCOUNT/certificate/THUMBPRINT`. The one that was proven is in use; one that was not waits beside it.
CREATE TABLE app_certificate (
    account     TEXT NOT NULL REFERENCES service_accounts (name) ON DELETE CASCADE,
    -- SHA-256, in hexadecimal digits.
    thumbprint  TEXT NOT NULL,
    -- DER.
    certificate BLOB NOT NULL,
    not_after   INTEGER NOT NULL,
    kept_at     INTEGER NOT NULL,
    -- When the provider first took it.
    proven_at   INTEGER,
    PRIMARY KEY (account, thumbprint)
) STRICT, WITHOUT ROWID;

-- The mailbox that an app must not reach, and what came of the last try.
CREATE TABLE outside_mailbox (
    account     TEXT PRIMARY KEY REFERENCES service_accounts (name) ON DELETE CASCADE,
    address     TEXT NOT NULL,
    asked_at    INTEGER,
    -- What was reached there: JSON, a list of words; empty if the app was refused.
    reached     TEXT
) STRICT, WITHOUT ROWID;

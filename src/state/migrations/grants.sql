-- What a user granted to us by signing in: when, when it was last used, and who uses it right now. The refresh token itself is
-- sealed in `secret`, as `user/NAME/refresh`.
CREATE TABLE sign_in_grant (
    user            TEXT PRIMARY KEY REFERENCES user (name) ON DELETE CASCADE,
    given_at        INTEGER NOT NULL,
    used_at         INTEGER NOT NULL,
    -- Grows with every new refresh token.
    generation      INTEGER NOT NULL,
    -- Whoever exchanges the refresh token has it alone, until it is done or this moment passes.
    claimed_by      TEXT,
    claimed_until   INTEGER
) STRICT, WITHOUT ROWID;

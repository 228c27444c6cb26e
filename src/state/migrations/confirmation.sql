-- How each link was confirmed, when and by whom; and by when that must be done again (JSON: since, by, why).
ALTER TABLE user ADD COLUMN confirmed_how TEXT;
ALTER TABLE user ADD COLUMN confirmed_at INTEGER;
ALTER TABLE user ADD COLUMN confirmed_by TEXT;
ALTER TABLE user ADD COLUMN reconfirm TEXT;
-- An authenticator app was switched off and the link is not confirmed anew yet (JSON: at, by, with).
ALTER TABLE user ADD COLUMN recovered TEXT;

-- Until now there was one way.
UPDATE user SET confirmed_how = '"mailbox"',
    confirmed_at = (SELECT max(at) FROM audit WHERE audit.user = user.name AND event = 'confirmed by mailbox proof'),
    confirmed_by = (SELECT by FROM audit WHERE audit.user = user.name AND event = 'confirmed by mailbox proof'
                    ORDER BY number DESC LIMIT 1)
WHERE link = '"active"'
    AND EXISTS (SELECT 1 FROM audit WHERE audit.user = user.name AND event = 'confirmed by mailbox proof');

-- One row: the ways that the firm accepted when that was last looked at, so that a change is noticed.
CREATE TABLE confirmation_policy (
    only_row    INTEGER PRIMARY KEY CHECK (only_row = 1),
    methods     TEXT NOT NULL
) STRICT;

-- The sample firm's own little practice system. Times are the office's wall clock, as text.
CREATE TABLE people (
    initials TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    email    TEXT,
    active   INTEGER NOT NULL
);
CREATE TABLE matters (
    id     INTEGER PRIMARY KEY,
    number TEXT NOT NULL,
    name   TEXT NOT NULL,
    closed INTEGER NOT NULL
);
CREATE TABLE contacts (
    id            INTEGER PRIMARY KEY,
    matter_id     INTEGER,
    title         TEXT,
    first_name    TEXT,
    last_name     TEXT,
    company       TEXT,
    department    TEXT,
    role          TEXT,
    email         TEXT,
    private_email TEXT,
    phone         TEXT,
    mobile        TEXT,
    home_phone    TEXT,
    fax           TEXT,
    street        TEXT,
    city          TEXT,
    postcode      TEXT,
    country       TEXT,
    web           TEXT,
    birthday      TEXT,
    remarks_html  TEXT,
    labels        TEXT,
    changed_at    TEXT
);
CREATE TABLE events (
    id            INTEGER PRIMARY KEY,
    matter_id     INTEGER,
    subject       TEXT,
    place         TEXT,
    remarks       TEXT,
    starts_at     TEXT,
    ends_at       TEXT,
    whole_day     INTEGER,
    remind_before INTEGER,
    shown_as      TEXT,
    confidential  INTEGER,
    sort          TEXT,
    state         TEXT,
    changed_at    TEXT
);
-- Who takes part. A change here is a change of the event: it moves the event's changed_at.
CREATE TABLE event_people (
    event_id INTEGER NOT NULL,
    initials TEXT
);
CREATE TABLE tasks (
    id           INTEGER PRIMARY KEY,
    matter_id    INTEGER,
    assignee     TEXT,
    subject      TEXT,
    remarks      TEXT,
    begins       TEXT,
    due          TEXT,
    state        TEXT,
    percent      INTEGER,
    urgency      INTEGER,
    confidential INTEGER,
    remind_at    TEXT,
    changed_at   TEXT
);

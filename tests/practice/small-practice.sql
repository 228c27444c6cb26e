-- A small practice on PostgreSQL, invented by us, with rows that show what is hard.

CREATE TABLE users (login text PRIMARY KEY, full_name text, mail text, left_on date);
INSERT INTO users VALUES
    ('ab', 'Anna Berg', 'berg@kanzlei.example', NULL),
    ('cd', 'Carl Dorn', 'dorn@kanzlei.example', NULL),
    ('ef', 'Eva Fink', NULL, '2026-06-30');

CREATE TABLE matters (number text PRIMARY KEY, title text, closed boolean NOT NULL);
INSERT INTO matters VALUES ('12/26', 'Muster ./. Beispiel', false), ('7/20', 'Alt ./. Neu', true);

CREATE TABLE addresses (id text PRIMARY KEY, owner text, first_name text, last_name text, company text, mail text, phone text,
    born text, notes text, deleted boolean NOT NULL DEFAULT false, changed timestamptz);
INSERT INTO addresses (id, owner, first_name, last_name, company, mail, born, notes, changed) VALUES
    ('plain', 'ab', 'Max', 'Muster', NULL, 'max@example.org', '24.12.1970', E'Line one\nLine two', '2026-11-01 08:00:00+00'),
    ('nameless', 'ab', NULL, '', NULL, 'only.mail@example.org', NULL, NULL, '2026-11-01 08:00:00+00'),
    ('twin-1', 'ab', 'Tina', 'Twin', NULL, 'twin@example.org', NULL, NULL, '2026-11-01 08:00:00+00'),
    ('twin-2', 'ab', 'Tom', 'Twin', NULL, 'TWIN@example.org ', NULL, NULL, '2026-11-01 08:00:00+00'),
    ('html', 'ab', 'Hanna', 'Html', NULL, NULL, NULL,
     '<p>Call <b>soon</b></p><script>alert(1)</script><p>M&uuml;ller &amp; S&ouml;hne</p>', '2026-11-01 08:00:00+00'),
    ('huge', 'ab', 'Hugo', 'Huge', NULL, NULL, NULL, repeat('All of this is known. ', 5909), '2026-11-01 08:00:00+00'),
    ('control', 'ab', E'Con\x07trol', 'Character', NULL, NULL, NULL, E'a\x0bb\u2028c', '2026-11-01 08:00:00+00'),
    ('bad', 'ab', 'Bad', 'Fields', NULL, 'foo@', '31.02.1980', NULL, '2026-11-01 08:00:00+00'),
    ('unknown', 'xx', 'Of', 'Somebody', NULL, NULL, NULL, NULL, '2026-11-01 08:00:00+00'),
    ('nobody', NULL, 'Of', 'Nobody', NULL, NULL, NULL, NULL, '2026-11-01 08:00:00+00'),
    ('left', 'ef', 'Of', 'Leaver', NULL, NULL, NULL, NULL, '2026-11-01 08:00:00+00');
INSERT INTO addresses (id, owner, last_name, deleted, changed) VALUES ('gone', 'ab', 'Gone', true, '2026-11-01 08:00:00+00');
-- As many rows of one moment as an import makes.
INSERT INTO addresses (id, owner, last_name, changed)
SELECT 'import-' || n, 'cd', 'Import ' || n, '2026-10-01 08:00:00+00' FROM generate_series(1, 195) n;

CREATE TABLE meetings (id integer PRIMARY KEY, title text, room text, notes text, begins timestamp, ends timestamp, whole_day boolean,
    secret boolean, matter text, deleted boolean NOT NULL DEFAULT false, changed timestamptz NOT NULL);
CREATE TABLE meeting_people (meeting integer, login text, removed boolean NOT NULL DEFAULT false, changed timestamptz NOT NULL);
INSERT INTO meetings VALUES
    (1, 'Hearing', 'Hall 3', NULL, '2026-12-01 10:00', '2026-12-01 11:30', false, NULL, '12/26', false, '2026-11-01 08:00:00+00'),
    (2, 'When clocks go forward', NULL, NULL, '2026-03-29 02:30', '2026-03-29 03:30', false, false, NULL, false, '2026-11-01 08:00:00+00'),
    (3, 'The hour that comes twice', NULL, NULL, '2026-10-25 02:30', '2026-10-25 02:45', false, false, NULL, false, '2026-11-01 08:00:00+00'),
    (4, 'Ends before it begins', NULL, NULL, '2026-12-02 15:00', '2026-12-02 14:00', false, false, NULL, false, '2026-11-01 08:00:00+00'),
    (5, 'Never', NULL, NULL, '9999-12-31 00:00', '9999-12-31 01:00', false, false, NULL, false, '2026-11-01 08:00:00+00'),
    (6, 'For ever', NULL, NULL, 'infinity', NULL, false, false, NULL, false, '2026-11-01 08:00:00+00'),
    (7, 'Before our time', NULL, NULL, '0044-03-15 12:00 BC', NULL, false, false, NULL, false, '2026-11-01 08:00:00+00'),
    (8, 'No start', NULL, NULL, NULL, NULL, false, false, NULL, false, '2026-11-01 08:00:00+00'),
    (9, 'Two days', NULL, NULL, '2026-12-03 00:00', '2026-12-05 00:00', true, false, NULL, false, '2026-11-01 08:00:00+00'),
    (10, 'Of a closed matter', NULL, NULL, '2026-12-06 10:00', '2026-12-06 11:00', false, false, '7/20', false, '2026-11-01 08:00:00+00'),
    (11, 'Deleted', NULL, NULL, '2026-12-07 10:00', '2026-12-07 11:00', false, false, NULL, true, '2026-11-01 08:00:00+00'),
    (12, 'With nobody', NULL, NULL, '2026-12-08 10:00', '2026-12-08 11:00', false, false, NULL, false, '2026-11-01 08:00:00+00'),
    (13, 'Secret', NULL, NULL, '2026-12-09 10:00', '2026-12-09 11:00', false, true, NULL, false, '2026-11-01 08:00:00+00'),
    (14, NULL, NULL, NULL, '2026-12-10 10:00', '2026-12-10 11:00', false, false, NULL, false, '2026-11-01 08:00:00+00');
-- A series, written out over the end of summer time.
INSERT INTO meetings
SELECT 100 + n, 'Weekly', 'Room 1', NULL, timestamp '2026-10-05 09:00' + n * interval '1 week',
       timestamp '2026-10-05 09:30' + n * interval '1 week', false, false, NULL, false, '2026-11-01 08:00:00+00'
FROM generate_series(0, 9) n;
INSERT INTO meeting_people SELECT id, 'ab', false, changed FROM meetings WHERE id <> 12;
INSERT INTO meeting_people VALUES (1, 'cd', false, '2026-11-01 08:00:00+00'), (4, 'cd', true, '2026-11-02 08:00:00+00');

CREATE TABLE calls (id integer PRIMARY KEY, login text, topic text, at timestamptz, minutes integer, changed timestamptz);
INSERT INTO calls VALUES
    (1, 'cd', 'Settlement', '2026-12-01 09:00:00+00', 15, '2026-11-01 08:00:00+00'),
    (2, 'cd', 'Without a length', '2026-12-01 10:00:00+00', NULL, '2026-11-01 08:00:00+00'),
    (3, 'cd', 'Of less than no length', '2026-12-01 11:00:00+00', -5, NULL);

CREATE TABLE deadlines (id integer PRIMARY KEY, sort text NOT NULL, login text, what text, due date, done boolean, changed timestamptz);
INSERT INTO deadlines VALUES
    (1, 'deadline', 'ab', 'Appeal', '2026-12-15', false, '2026-11-01 08:00:00+00'),
    (2, 'deadline', 'ab', 'On a leap day', '2028-02-29', false, '2026-11-01 08:00:00+00'),
    (3, 'deadline', 'ab', 'Without a day', NULL, false, '2026-11-01 08:00:00+00'),
    (4, 'deadline', '', 'Of nobody', '2026-12-15', false, '2026-11-01 08:00:00+00'),
    (5, 'deadline', 'ab', 'Never', 'infinity', NULL, '2026-11-01 08:00:00+00'),
    (6, 'follow-up', 'cd', 'Has the client paid?', '2026-12-01', false, '2026-11-01 08:00:00+00'),
    (7, 'follow-up', 'cd', 'Ask the court', '2026-10-01', true, '2026-11-01 08:00:00+00');

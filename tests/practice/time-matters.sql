-- A database of Time Matters' shape, invented by us: tables and columns as far as public sources name them, names of our own for what
-- they do not (the table of appointments, e-mail addresses, marks), and rows that show what is hard about them. It runs in SQLite and
-- in MariaDB; time-matters.answers.toml is what a technician would answer about it. Days count from 1800-12-28, times are hundredths of a second plus one.
-- 82490 is 2026-11-03, 82507 is 2026-11-20, 82518 is 2026-12-01, 82271 is 2026-03-29; 3420001 is 9:30, 3600001 is 10:00.

CREATE TABLE staff (init VARCHAR(10), `first` VARCHAR(40), middle VARCHAR(40), `last` VARCHAR(40), e_mail VARCHAR(80), inactive INTEGER);
INSERT INTO staff VALUES
    ('AB', 'Anna', NULL, 'Berg', 'berg@kanzlei.example', 0),
    ('CD', 'Carl', 'M', 'Dorn', 'dorn@kanzlei.example', NULL),
    ('EF', 'Eva', NULL, 'Fink', 'fink@kanzlei.example', 0),
    ('GH', 'Gina', NULL, 'Hall', NULL, 1);

CREATE TABLE matter (sysid VARCHAR(16) PRIMARY KEY, mat_no VARCHAR(20), status VARCHAR(20), memo VARCHAR(2000), archive INTEGER,
    staff VARCHAR(10), ccode VARCHAR(10), m_date INTEGER, m_time INTEGER, caption VARCHAR(80));
INSERT INTO matter VALUES
    ('B000000000000001', '2026-114', 'OPEN', NULL, 0, 'AB', 'CIVIL', 82490, 3420001, 'Smith v Jones'),
    ('B000000000000002', '2020-007', 'CLOSED', NULL, 1, 'CD', 'CIVIL', 82490, 3420001, 'Estate of Roe');

CREATE TABLE contact (sysid VARCHAR(16) PRIMARY KEY, first_name VARCHAR(40), middle_init VARCHAR(5), last_name VARCHAR(40),
    phone1 VARCHAR(40), phone2 VARCHAR(40), ccode VARCHAR(10), staff VARCHAR(10), archive INTEGER,
    con1_02_04 VARCHAR(80), con1_02_05 VARCHAR(80), con1_02_06 VARCHAR(80), con1_02_07 VARCHAR(80), con1_02_08 VARCHAR(80),
    con1_03_01 VARCHAR(80), con1_04_01 VARCHAR(80), con1_05_04 VARCHAR(80), m_date INTEGER, m_time INTEGER);
INSERT INTO contact VALUES
    ('A000000000000001', 'Max', 'Q', 'Muster', '555 0100', NULL, 'CLIENT', 'AB', 0,
     '1 Main St', 'Springfield', 'IL', '62701', '555 0199', 'max@example.org', '12/24/1970', NULL, 82490, 3420001),
    ('A000000000000002', 'Cora', NULL, 'Counsel', '555 0110', NULL, 'COUNSEL', 'CD', 0,
     '2 Court Sq', 'Springfield', 'IL', '62701', '555 0198', 'cora@example.org', '2/30/1970', 'Counsel & Co', 82490, 3420002),
    -- A code of which the mapping knows nothing: its numbered fields mean something else.
    ('A000000000000003', 'Carla', NULL, 'Clerk', '555 0120', NULL, 'COURT', 'AB', 0,
     'Room 3', 'no town', 'x', 'x', 'Judge Roe', 'not an address', 'no day', 'x', 82490, 3420003),
    ('A000000000000004', 'Otto', NULL, 'Old', '555 0130', NULL, 'CLIENT', 'AB', 1,
     NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 82490, 3420004),
    ('A000000000000005', 'Udo', NULL, 'Unknown', '555 0140', NULL, 'CLIENT', 'XX', 0,
     NULL, NULL, NULL, NULL, NULL, 'not an address', '24.12.1970', NULL, 82490, 3420005);

CREATE TABLE todo (sysid VARCHAR(16) PRIMARY KEY, mat_id VARCHAR(16), `desc` VARCHAR(200), staff VARCHAR(10), `date` INTEGER,
    ccode VARCHAR(10), m_date INTEGER, m_time INTEGER, created_by VARCHAR(10));
INSERT INTO todo VALUES
    -- One to-do of two people: a row for each.
    ('C000000000000001', 'B000000000000001', 'File the brief', 'AB', 82518, 'DEADLINE', 82507, 3420001, 'AB'),
    ('C000000000000002', 'B000000000000001', 'File the brief', 'CD', 82518, 'DEADLINE', 82507, 3420001, 'AB'),
    ('C000000000000003', 'B000000000000001', 'Call the client', 'AB', 82518, 'DONE', 82507, 3600001, 'AB'),
    ('C000000000000004', 'B000000000000002', 'Of an archived matter', 'CD', 82518, 'TASK', 82507, 3600001, 'CD'),
    ('C000000000000005', NULL, 'Without a day', 'EF', 0, 'TASK', 82507, 3600001, 'EF'),
    ('C000000000000006', NULL, 'Of a group', 'WEST', 82518, 'TASK', 82507, 3600001, 'EF'),
    ('C000000000000007', NULL, 'Of somebody unknown', 'XX', 82518, 'TASK', 82507, 3600001, 'EF'),
    ('C000000000000008', NULL, 'Of nobody', NULL, 82518, 'TASK', 82507, 3600001, 'EF'),
    ('C000000000000009', NULL, 'No day of the calendar', 'EF', 99999999, 'TASK', 82507, 3600001, 'EF'),
    ('C00000000000000A', NULL, 'A day of another century', 'EF', 4, 'TASK', 82507, 3600001, 'EF'),
    ('C00000000000000B', NULL, 'Never changed', 'EF', 82518, 'TASK', NULL, NULL, 'EF');

CREATE TABLE phone (sysid VARCHAR(16) PRIMARY KEY, subject VARCHAR(200), memo VARCHAR(2000), staff VARCHAR(10), `date` INTEGER,
    `time` INTEGER, Endtime INTEGER, in_out VARCHAR(1), mat_id VARCHAR(16), mat_no VARCHAR(20), m_date INTEGER, m_time INTEGER);
INSERT INTO phone VALUES
    ('D000000000000001', 'Settlement', 'Offer of 5,000', 'AB', 82507, 3420001, 3600001, 'I', 'B000000000000001', '2026-114', 82507, 3600001),
    ('D000000000000002', 'At midnight', NULL, 'AB', 82507, 1, 90001, 'O', NULL, NULL, 82507, 3600001),
    ('D000000000000003', 'Without a time', NULL, 'AB', 82507, 0, 0, 'O', NULL, NULL, 82507, 3600001),
    ('D000000000000004', 'Ends before it begins', NULL, 'AB', 82507, 3600001, 3420001, 'O', NULL, NULL, 82507, 3600001),
    ('D000000000000005', 'Without an end', NULL, 'AB', 82507, 3600001, 0, 'O', NULL, NULL, 82507, 3600001),
    ('D000000000000006', 'When clocks go forward', NULL, 'AB', 82271, 900001, 1260001, 'O', NULL, NULL, 82507, 3600001),
    ('D000000000000007', 'No time of day', NULL, 'AB', 82507, 8640001, 3600001, 'O', NULL, NULL, 82507, 3600001),
    ('D000000000000008', 'Without a day', NULL, 'AB', 0, 3600001, 3600001, 'O', NULL, NULL, 82507, 3600001),
    ('D000000000000009', 'Of the whole group', NULL, 'WEST', 82507, 3600001, 3780001, 'O', NULL, NULL, 82507, 3600001);

-- The name of this table and most of its columns are ours. A row for each staff member: `linked_to` is the key of the first one.
CREATE TABLE appt (sysid VARCHAR(16) PRIMARY KEY, mat_id VARCHAR(16), `desc` VARCHAR(200), memo VARCHAR(2000), staff VARCHAR(10),
    `date` INTEGER, `time` INTEGER, end_date INTEGER, end_time INTEGER, place VARCHAR(80), all_day INTEGER, private VARCHAR(1),
    cancelled INTEGER, linked_to VARCHAR(16), ccode VARCHAR(10), archive INTEGER, c_date INTEGER, c_time INTEGER, m_date INTEGER,
    m_time INTEGER);
INSERT INTO appt VALUES
    ('E000000000000001', 'B000000000000001', 'Hearing', 'Bring the file', 'AB', 82507, 3420001, 82507, 3600001, 'Court, room 3', 0, 'N',
     0, NULL, 'COURT', 0, 82490, 3420001, 82507, 3600001),
    ('E000000000000002', 'B000000000000001', 'Hearing', 'Bring the file', 'CD', 82507, 3420001, 82507, 3600001, 'Court, room 3', 0, 'N',
     0, 'E000000000000001', 'COURT', 0, 82490, 3420001, 82507, 3600001),
    ('E000000000000003', NULL, 'Dentist', NULL, 'AB', 82508, 3060001, 82508, 3240001, NULL, 0, 'Y', 0, NULL, 'PRIV', 0, 82490, 3420001,
     82507, 3600101),
    ('E000000000000004', NULL, 'Nobody said whether this is private', NULL, 'AB', 82508, 5400001, 82508, 5580001, NULL, 0, NULL, 0, NULL,
     'MEET', 0, 82490, 3420001, 82507, 3600201),
    ('E000000000000005', NULL, 'Conference', NULL, 'EF', 82518, 0, 82519, 0, 'Zürich', 1, 'N', 0, NULL, 'MEET', 0, 82490, 3420001, 82507,
     3600301),
    ('E000000000000006', NULL, 'Called off', NULL, 'CD', 82518, 3600001, 82518, 3780001, NULL, 0, 'N', 1, NULL, 'MEET', 0, 82490, 3420001,
     82507, 3600401),
    ('E000000000000007', 'B000000000000002', 'Of an archived matter', NULL, 'CD', 82518, 3600001, 82518, 3780001, NULL, 0, 'N', 0, NULL,
     'COURT', 0, 82490, 3420001, 82507, 3600501),
    ('E000000000000008', NULL, 'Of the group', NULL, 'WEST', 82518, 5400001, 82518, 5760001, NULL, 0, 'N', 0, NULL, 'MEET', 0, 82490,
     3420001, 82507, 3600601);

-- What looks like appointments and is none.
CREATE TABLE rec_appt (sysid VARCHAR(16) PRIMARY KEY, `date` INTEGER, until_date INTEGER, pattern VARCHAR(20), staff VARCHAR(10));
INSERT INTO rec_appt VALUES ('F000000000000001', 82507, 82871, 'WEEKLY', 'AB');
CREATE TABLE billing (sysid VARCHAR(16) PRIMARY KEY, staff VARCHAR(10), `date` INTEGER, amount INTEGER, `desc` VARCHAR(80));
INSERT INTO billing VALUES ('F000000000000002', 'AB', 82507, 12000, 'Hearing');

-- A database of Time Matters' shape, invented by us: tables and columns as far as public sources name them, and rows that show what
-- is hard about them. It runs in SQLite and in MariaDB. Days count from 1800-12-28, times are hundredths of a second plus one.
-- 82490 is 2026-11-03, 82507 is 2026-11-20, 82518 is 2026-12-01, 82271 is 2026-03-29; 3420001 is 9:30, 3600001 is 10:00.

CREATE TABLE staff (init VARCHAR(10), `first` VARCHAR(40), middle VARCHAR(40), `last` VARCHAR(40));
INSERT INTO staff VALUES ('AB', 'Anna', NULL, 'Berg'), ('CD', 'Carl', 'M', 'Dorn'), ('EF', 'Eva', NULL, 'Fink');

CREATE TABLE matter (sysid VARCHAR(16) PRIMARY KEY, mat_no VARCHAR(20), status VARCHAR(20), memo VARCHAR(2000), archive INTEGER,
    staff VARCHAR(10), ccode VARCHAR(10), m_date INTEGER, m_time INTEGER);
INSERT INTO matter VALUES
    ('B000000000000001', '2026-114', 'OPEN', NULL, 0, 'AB', 'CIVIL', 82490, 3420001),
    ('B000000000000002', '2020-007', 'CLOSED', NULL, 1, 'CD', 'CIVIL', 82490, 3420001);

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

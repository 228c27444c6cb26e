-- What the office made of a proposed change: when, who, and whether it was entered or rejected.
ALTER TABLE proposal ADD COLUMN closed_at INTEGER;
ALTER TABLE proposal ADD COLUMN closed_by TEXT;
ALTER TABLE proposal ADD COLUMN verdict TEXT;

-- Made after the rows, which is quicker.
CREATE INDEX contacts_changed ON contacts (changed_at);
CREATE INDEX events_changed ON events (changed_at);
CREATE INDEX tasks_changed ON tasks (changed_at);
CREATE INDEX event_people_event ON event_people (event_id);

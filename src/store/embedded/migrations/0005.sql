-- The list of somebody's threads, newest first, page by page. Rows are in it by the quarter of an hour in which their
-- thread was last active: exact enough to find a page, and a conversation changes it once in a quarter of an hour, not
-- with every message. Only those who are invited or take part are in the list.
ALTER TABLE participant ADD COLUMN quarter INTEGER NOT NULL DEFAULT 0;
UPDATE participant SET quarter = (SELECT t.last_ms / 900000 FROM thread t WHERE t.key = participant.thread);
CREATE INDEX participant_listed ON participant (kind, party, as_org, quarter) WHERE standing IN (1, 2);

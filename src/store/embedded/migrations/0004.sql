-- Calls: which there are, what they are about, and how they stand, in the form that their own code reads.
-- A call that is over keeps its row, so that its id is never used again; what it came to stands in the audit log.
CREATE TABLE call (
  call BLOB PRIMARY KEY NOT NULL CHECK (length(call) = 16),
  thread BLOB NOT NULL CHECK (length(thread) = 16),
  caller BLOB NOT NULL CHECK (length(caller) = 16),
  started_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  state BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX call_open ON call (call) WHERE ended_ms IS NULL;

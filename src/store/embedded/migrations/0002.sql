-- Which entries of a thread name a file: whoever reads a part of the thread reads the files named in it. Of names
-- from before it is not known where they stand; 0 is before everybody's part.
CREATE TABLE blob_name (
  blob BLOB NOT NULL REFERENCES blob, thread BLOB NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (blob, thread, n)) STRICT, WITHOUT ROWID;
INSERT INTO blob_name (blob, thread, n) SELECT blob, thread, 0 FROM blob_ref;
DROP TABLE blob_ref;
ALTER TABLE blob_name RENAME TO blob_ref;
-- What somebody's files take up.
CREATE INDEX blob_owner ON blob (owner);

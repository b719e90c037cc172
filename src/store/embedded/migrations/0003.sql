-- How far entries of a thread have reached any device of a participant, beside how far they were read.
ALTER TABLE read_cursor ADD COLUMN delivered INTEGER NOT NULL DEFAULT 0;
UPDATE read_cursor SET delivered = upto;

-- Everything that was decided and seen, in order. Rows are added and never changed.
CREATE TABLE journal (
    seq     INTEGER PRIMARY KEY,   -- 1, 2, 3, ... without gaps
    at_ns   INTEGER NOT NULL,      -- nanoseconds since 1970, UTC
    kind    TEXT NOT NULL,         -- the record's name, for people
    body    TEXT NOT NULL,         -- the record as JSON
    schema  INTEGER NOT NULL,      -- the form of the JSON
    hash    BLOB NOT NULL          -- SHA-256 of the hash before, seq, at_ns and body
) STRICT;

CREATE TRIGGER journal_grows_at_its_end BEFORE INSERT ON journal
WHEN NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM journal)
BEGIN SELECT RAISE(ABORT, 'the journal only grows at its end'); END;

CREATE TRIGGER journal_rows_stay_as_they_are BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER journal_rows_stay BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

-- The state after a record, so that a start need not fold everything. May be deleted; a row that does not fit is ignored.
CREATE TABLE snapshot (
    seq     INTEGER PRIMARY KEY,   -- the last record it contains
    build   TEXT NOT NULL,         -- the program that wrote it: only the same one reads it
    chain   BLOB NOT NULL,         -- that record's hash
    bytes   BLOB NOT NULL,
    sum     BLOB NOT NULL          -- SHA-256 of the bytes
) STRICT;

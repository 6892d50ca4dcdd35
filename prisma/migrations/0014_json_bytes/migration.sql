-- The size of what may be large, as JSON text in bytes, so that a page is bounded before any of it is read. Null for events
-- written before: theirs is found when they are read.
ALTER TABLE "events"
    ADD COLUMN "summary_bytes" INTEGER,
    ADD COLUMN "payload_bytes" INTEGER,
    ADD COLUMN "result_bytes" INTEGER;

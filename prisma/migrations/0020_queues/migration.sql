-- Plain queues: unfinished events can be claimed as they are, and what waits is taken by priority.
ALTER TABLE "events"
    ADD COLUMN "priority" SMALLINT NOT NULL DEFAULT 0,
    ADD COLUMN "queued" BOOLEAN NOT NULL DEFAULT false;

-- The events that nobody has claimed yet, in the order in which a queue hands them out.
CREATE INDEX "events_queue_idx" ON "events"("topic", "priority" DESC, "created_position")
    WHERE "status" IN ('PENDING', 'RESTARTED') AND NOT "job" AND NOT "queued" AND NOT "held";

-- A job of a plain queue has no source.
ALTER TABLE "jobs"
    ALTER COLUMN "source_id" DROP NOT NULL,
    ADD COLUMN "priority" SMALLINT NOT NULL DEFAULT 0;

-- The jobs of a consumer that are not over, by priority, in the order in which they can be claimed.
DROP INDEX "jobs_consumer_idx";
CREATE INDEX "jobs_consumer_idx" ON "jobs"("target", "consumer", "priority" DESC, "ready_at", "event_id") WHERE "ready_at" IS NOT NULL;

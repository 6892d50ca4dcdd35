-- Jobs: events that were made for a source event under a target topic, held by one worker at a time under a lease.

ALTER TABLE "events" ADD COLUMN "job" BOOLEAN NOT NULL DEFAULT false;

-- One job for each source and target topic, whatever races.
CREATE UNIQUE INDEX "events_job_key" ON "events"("depends_on", "topic") WHERE "job";

-- Narrow, so that a heartbeat rewrites little and no event.
CREATE TABLE "jobs" (
    "event_id" UUID NOT NULL,
    "source_id" UUID NOT NULL,
    "position" BIGINT NOT NULL,
    "source_position" BIGINT NOT NULL,
    "ready_at" TIMESTAMPTZ(3),
    "attempt" INTEGER NOT NULL,
    "max_retries" INTEGER NOT NULL,
    "retry_delay_ms" INTEGER NOT NULL,
    "lease_ms" INTEGER NOT NULL,
    "last_run" BOOLEAN NOT NULL,
    "target" TEXT COLLATE "C" NOT NULL,
    "way" TEXT COLLATE "C" NOT NULL,
    "worker" TEXT COLLATE "C",
    "last_write" UUID,

    CONSTRAINT "jobs_pkey" PRIMARY KEY ("event_id"),
    CONSTRAINT "jobs_held_check" CHECK ("worker" IS NULL OR "ready_at" IS NOT NULL)
);

ALTER TABLE "jobs" ADD CONSTRAINT "jobs_event_id_fkey"
    FOREIGN KEY ("event_id") REFERENCES "events"("id") ON DELETE CASCADE ON UPDATE NO ACTION;

-- The jobs that are not over, in the order in which they can be claimed.
CREATE INDEX "jobs_ready_idx" ON "jobs"("target", "ready_at", "event_id") WHERE "ready_at" IS NOT NULL;
CREATE INDEX "jobs_way_idx" ON "jobs"("target", "way", "ready_at", "event_id") WHERE "ready_at" IS NOT NULL;
-- In the order of their sources: for sequential targets, and for workers that ask for their own.
CREATE INDEX "jobs_source_idx" ON "jobs"("target", "source_position") WHERE "ready_at" IS NOT NULL;
CREATE INDEX "jobs_worker_idx" ON "jobs"("target", "worker", "source_position") WHERE "worker" IS NOT NULL;
-- Those that fail when their lease ends, for there is no further run.
CREATE INDEX "jobs_last_run_idx" ON "jobs"("ready_at") WHERE "last_run" AND "worker" IS NOT NULL;

CREATE TABLE "cursors" (
    "id" TEXT COLLATE "C" NOT NULL,
    "position" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "way" JSONB NOT NULL,

    CONSTRAINT "cursors_pkey" PRIMARY KEY ("id")
);

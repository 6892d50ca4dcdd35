-- Retention: rules by which old events are purged, and what has to be remembered of purged jobs.
CREATE TABLE "retention_rules" (
    "id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "topics" TEXT[],
    "projects" TEXT[],
    "statuses" "event_status"[],
    "keep_days" DOUBLE PRECISION NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_run_at" TIMESTAMPTZ(3),
    "purged" BIGINT NOT NULL,

    CONSTRAINT "retention_rules_pkey" PRIMARY KEY ("id")
);

-- The jobs that were purged while their source stays: it gets no second one.
CREATE TABLE "purged_jobs" (
    "source_id" UUID NOT NULL,
    "topic" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "purged_jobs_pkey" PRIMARY KEY ("source_id", "topic"),
    CONSTRAINT "purged_jobs_source_id_fkey" FOREIGN KEY ("source_id")
        REFERENCES "events"("id") ON DELETE CASCADE ON UPDATE NO ACTION
);

-- The purged events whose deletion the log still has.
CREATE TABLE "purged_events" (
    "position" BIGINT NOT NULL,
    "event_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "purged_events_pkey" PRIMARY KEY ("position")
);

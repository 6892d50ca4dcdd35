-- Counts of log entries per minute, hour and day, by topic and project, for charts. They are derived from the log up to
-- the stored position; what comes after is counted in the log itself.
CREATE TABLE "event_counts" (
    "span" INTEGER NOT NULL,
    "topic" TEXT COLLATE "C" NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "project" TEXT COLLATE "C" NOT NULL,
    "sent" BIGINT NOT NULL,
    "finished" BIGINT NOT NULL,
    "failed" BIGINT NOT NULL,

    CONSTRAINT "event_counts_pkey" PRIMARY KEY ("span", "topic", "at", "project")
) WITH (fillfactor = 80);

CREATE TABLE "event_count_position" (
    "id" INTEGER NOT NULL,
    "position" BIGINT NOT NULL,

    CONSTRAINT "event_count_position_pkey" PRIMARY KEY ("id")
);
INSERT INTO "event_count_position" ("id", "position") VALUES (1, 0);

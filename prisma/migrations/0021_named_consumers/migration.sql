-- Consumers get names and can be paused; each definition under a name has a position of its own.
ALTER TABLE "consumers"
    ADD COLUMN "name" TEXT COLLATE "C",
    ADD COLUMN "target" TEXT COLLATE "C",
    -- The definition of the latest call.
    ADD COLUMN "definition_id" TEXT COLLATE "C",
    -- Every topic that it has had as target: a source gets one job, whatever the target was then.
    ADD COLUMN "targets" TEXT[],
    ADD COLUMN "paused" BOOLEAN NOT NULL DEFAULT false;
UPDATE "consumers" SET "definition_id" = "id", "target" = "definition" ->> 'target', "targets" = ARRAY["definition" ->> 'target'];
ALTER TABLE "consumers"
    ALTER COLUMN "target" SET NOT NULL,
    ALTER COLUMN "definition_id" SET NOT NULL;
CREATE INDEX "consumers_created_idx" ON "consumers"("created_at", "id");

CREATE TABLE "consumer_positions" (
    "definition_id" TEXT COLLATE "C" NOT NULL,
    "consumer_id" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    -- Raised with each move, so that a gateway that has not heard of the move stores nothing.
    "generation" INTEGER NOT NULL DEFAULT 0,
    "used_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "consumer_positions_pkey" PRIMARY KEY ("definition_id"),
    CONSTRAINT "consumer_positions_consumer_id_fkey" FOREIGN KEY ("consumer_id")
        REFERENCES "consumers"("id") ON DELETE CASCADE ON UPDATE NO ACTION
);
CREATE INDEX "consumer_positions_consumer_idx" ON "consumer_positions"("consumer_id");
INSERT INTO "consumer_positions" ("definition_id", "consumer_id", "position", "used_at")
    SELECT "id", "id", "position", "used_at" FROM "consumers";
ALTER TABLE "consumers" DROP COLUMN "position";

-- The workers that have enrolled for a consumer.
CREATE TABLE "consumer_workers" (
    "consumer_id" TEXT NOT NULL,
    "worker" TEXT COLLATE "C" NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "consumer_workers_pkey" PRIMARY KEY ("consumer_id", "worker"),
    CONSTRAINT "consumer_workers_consumer_id_fkey" FOREIGN KEY ("consumer_id")
        REFERENCES "consumers"("id") ON DELETE CASCADE ON UPDATE NO ACTION
);

-- Jobs that failed for good can be counted without reading events.
ALTER TABLE "jobs" ADD COLUMN "exhausted" BOOLEAN NOT NULL DEFAULT false;
UPDATE "jobs" j SET "exhausted" = true FROM "events" e
    WHERE j."ready_at" IS NULL AND e."id" = j."event_id" AND e."status" = 'FAILED';
CREATE INDEX "jobs_exhausted_idx" ON "jobs"("consumer", "target") WHERE "exhausted";

-- The gateways that serve the database, as they report themselves every few seconds.
CREATE TABLE "gateways" (
    "id" UUID NOT NULL,
    "version" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "subscribers" INTEGER NOT NULL,

    CONSTRAINT "gateways_pkey" PRIMARY KEY ("id")
);

-- The failed events, latest first.
CREATE INDEX "events_failed_idx" ON "events"("finished_at") WHERE "status" = 'FAILED';

-- Handlers: what is kept of them is how far in the log each has come, and whether somebody switched it on or off.

CREATE TABLE "handlers" (
    "full_name" TEXT COLLATE "C" NOT NULL,
    "source" TEXT COLLATE "C" NOT NULL,
    "position" BIGINT NOT NULL,
    "enabled" BOOLEAN,
    "declared" BOOLEAN NOT NULL,

    CONSTRAINT "handlers_pkey" PRIMARY KEY ("full_name")
);

-- The runs of handlers that belong to a request: there is a limit to their number.
CREATE INDEX "events_runs_idx" ON "events"("request_id") WHERE "job" AND "sender_type" = 'handler';

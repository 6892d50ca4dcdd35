-- Durable subscriptions: a filter and a cursor over the log, and what was handed out and is not acknowledged yet.

CREATE TABLE "subscriptions" (
    "id" UUID NOT NULL,
    "position" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_after_days" INTEGER NOT NULL,
    "visibility_ms" INTEGER NOT NULL,
    "filter_errors" INTEGER NOT NULL DEFAULT 0,
    "manual" BOOLEAN NOT NULL,
    "name" TEXT,
    "source" TEXT COLLATE "C",
    "topics" TEXT[],
    "filter" TEXT,
    "last_filter_error" TEXT,

    CONSTRAINT "subscriptions_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "subscriptions_created_idx" ON "subscriptions"("created_at", "id");
CREATE INDEX "subscriptions_expires_idx" ON "subscriptions"("expires_at");

CREATE TABLE "deliveries" (
    "subscription_id" UUID NOT NULL,
    "position" BIGINT NOT NULL,
    "event_id" UUID NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "deliveries_pkey" PRIMARY KEY ("subscription_id", "position")
);

CREATE INDEX "deliveries_until_idx" ON "deliveries"("subscription_id", "until");

ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_subscription_id_fkey"
    FOREIGN KEY ("subscription_id") REFERENCES "subscriptions"("id") ON DELETE CASCADE ON UPDATE NO ACTION;

-- What a sender sent, in the order of the log: for subscriptions to a source.
CREATE INDEX "log_sender_idx" ON "log"("sender", "position") WHERE "kind" = 'CREATED' AND "sender" IS NOT NULL;

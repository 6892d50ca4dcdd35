-- Triggers: what turns HTTP deliveries and moments in time into events.

CREATE TYPE "trigger_kind" AS ENUM ('WEBHOOK', 'SCHEDULE');
CREATE TYPE "signature_scheme" AS ENUM ('NONE', 'STANDARD', 'GITHUB', 'STRIPE');

CREATE TABLE "triggers" (
    "id" UUID NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "kind" "trigger_kind" NOT NULL,
    "topic" TEXT COLLATE "C" NOT NULL,
    "event_type" TEXT COLLATE "C",
    "filter" TEXT COLLATE "C",
    "call" TEXT COLLATE "C",
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "filter_errors" INTEGER NOT NULL DEFAULT 0,
    "last_filter_error" TEXT COLLATE "C",
    "slug" TEXT COLLATE "C",
    "signature" "signature_scheme",
    "secrets" TEXT[] COLLATE "C",
    "dedupe_header" TEXT COLLATE "C",
    "cron" TEXT COLLATE "C",
    "timezone" TEXT COLLATE "C",
    "next_run" TIMESTAMPTZ(3),
    "due_tick" TIMESTAMPTZ(3),
    "due_missed" INTEGER,
    "last_tick" TIMESTAMPTZ(3),

    CONSTRAINT "triggers_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "triggers_webhook_check" CHECK (("kind" = 'WEBHOOK') = ("slug" IS NOT NULL AND "signature" IS NOT NULL)),
    CONSTRAINT "triggers_schedule_check" CHECK (("kind" = 'SCHEDULE') = ("cron" IS NOT NULL AND "timezone" IS NOT NULL)),
    CONSTRAINT "triggers_due_check" CHECK (("due_tick" IS NULL) = ("due_missed" IS NULL))
);

CREATE UNIQUE INDEX "triggers_name_key" ON "triggers"("name");
CREATE UNIQUE INDEX "triggers_slug_key" ON "triggers"("slug");
CREATE INDEX "triggers_next_run_idx" ON "triggers"("next_run") WHERE "next_run" IS NOT NULL OR "due_tick" IS NOT NULL;

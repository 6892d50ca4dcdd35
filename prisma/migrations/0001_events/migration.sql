-- Events, the log of their changes, and the keys of those who may ask.

CREATE TYPE "event_status" AS ENUM ('PENDING', 'IN_PROGRESS', 'FINISHED', 'FAILED', 'ABORTED', 'RESTARTED');
CREATE TYPE "change_kind" AS ENUM ('CREATED', 'STATUS', 'UPDATED', 'DELETED');

-- Positions are drawn only under the log's advisory lock, which is what makes them follow commit order.
CREATE SEQUENCE "log_position" AS BIGINT;

CREATE TABLE "events" (
    "id" UUID NOT NULL,
    "position" BIGINT NOT NULL,
    "created_position" BIGINT NOT NULL,
    "depends_on" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "status" "event_status" NOT NULL,
    "retries" INTEGER NOT NULL DEFAULT 0,
    "topic" TEXT NOT NULL,
    "event_type" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "node_id" TEXT NOT NULL,
    "hash" TEXT,
    "sender" TEXT,
    "sender_type" TEXT,
    "project" TEXT,
    "user_name" TEXT,
    "description" TEXT NOT NULL DEFAULT '',
    "summary" JSONB NOT NULL DEFAULT '{}',
    "payload" JSONB NOT NULL DEFAULT '{}',
    "result" JSONB,
    "error" JSONB,

    CONSTRAINT "events_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "events_retries_check" CHECK ("retries" >= 0),
    CONSTRAINT "events_json_check" CHECK (jsonb_typeof("summary") = 'object' AND jsonb_typeof("payload") = 'object')
);

CREATE UNIQUE INDEX "events_created_position_key" ON "events"("created_position");
CREATE UNIQUE INDEX "events_request_node_key" ON "events"("request_id", "node_id");
CREATE UNIQUE INDEX "events_hash_key" ON "events"("hash") WHERE "hash" IS NOT NULL;
CREATE INDEX "events_topic_idx" ON "events"("topic", "created_position");
CREATE INDEX "events_depends_on_idx" ON "events"("depends_on", "created_position") WHERE "depends_on" IS NOT NULL;
CREATE INDEX "events_project_idx" ON "events"("project", "created_position") WHERE "project" IS NOT NULL;
CREATE INDEX "events_user_idx" ON "events"("user_name", "created_position") WHERE "user_name" IS NOT NULL;
CREATE INDEX "events_sender_idx" ON "events"("sender", "created_position") WHERE "sender" IS NOT NULL;
-- Most events are FINISHED; the others are what people look for by status.
CREATE INDEX "events_unfinished_idx" ON "events"("status", "created_position") WHERE "status" <> 'FINISHED';
-- Times follow creation order closely, so that a block range index finds a period at next to no cost.
CREATE INDEX "events_created_at_idx" ON "events" USING BRIN ("created_at") WITH (pages_per_range = 16, autosummarize = on);

-- Deleting an event that others depend on is refused by the database itself, whatever races.
ALTER TABLE "events" ADD CONSTRAINT "events_depends_on_fkey"
    FOREIGN KEY ("depends_on") REFERENCES "events"("id") ON DELETE NO ACTION ON UPDATE NO ACTION;

CREATE TABLE "log" (
    "position" BIGINT NOT NULL,
    "event_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "attempt" INTEGER,
    "kind" "change_kind" NOT NULL,
    "from_status" "event_status",
    "status" "event_status" NOT NULL,
    "topic" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "node_id" TEXT NOT NULL,
    "project" TEXT,
    "user_name" TEXT,
    "sender" TEXT,
    "by" TEXT,
    "description" TEXT,

    CONSTRAINT "log_pkey" PRIMARY KEY ("position")
);

CREATE INDEX "log_event_idx" ON "log"("event_id", "position");
CREATE INDEX "log_topic_idx" ON "log"("topic", "position");

CREATE TABLE "api_keys" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "api_keys_name_key" ON "api_keys"("name");
CREATE UNIQUE INDEX "api_keys_hash_key" ON "api_keys"("hash");

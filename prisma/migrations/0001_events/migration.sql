-- Events, the log of their changes, and the keys of those who may ask.

CREATE TYPE "event_status" AS ENUM ('PENDING', 'IN_PROGRESS', 'FINISHED', 'FAILED', 'ABORTED', 'RESTARTED');
CREATE TYPE "change_kind" AS ENUM ('CREATED', 'STATUS', 'UPDATED', 'DELETED');

-- Positions are drawn only under the log's advisory lock, which is what makes them follow commit order.
CREATE SEQUENCE "log_position" AS BIGINT;

-- Names are compared as bytes: twice as fast as by language, and the same on every server.
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
    "topic" TEXT COLLATE "C" NOT NULL,
    "event_type" TEXT COLLATE "C" NOT NULL,
    "request_id" TEXT COLLATE "C" NOT NULL,
    "node_id" TEXT COLLATE "C" NOT NULL,
    "hash" TEXT COLLATE "C",
    "sender" TEXT COLLATE "C",
    "sender_type" TEXT COLLATE "C",
    "project" TEXT COLLATE "C",
    "user_name" TEXT COLLATE "C",
    "description" TEXT NOT NULL DEFAULT '',
    "summary" JSONB NOT NULL DEFAULT '{}',
    "payload" JSONB NOT NULL DEFAULT '{}',
    "result" JSONB,
    "error" JSONB,

    CONSTRAINT "events_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "events_retries_check" CHECK ("retries" >= 0),
    CONSTRAINT "events_json_check" CHECK (jsonb_typeof("summary") = 'object' AND jsonb_typeof("payload") = 'object')
);

-- Lists are in order of creation: the time, then the position, which is unique.
CREATE INDEX "events_created_idx" ON "events"("created_at", "created_position");
CREATE UNIQUE INDEX "events_request_node_key" ON "events"("request_id", "node_id");
CREATE UNIQUE INDEX "events_hash_key" ON "events"("hash") WHERE "hash" IS NOT NULL;
CREATE INDEX "events_topic_idx" ON "events"("topic", "created_at", "created_position");
CREATE INDEX "events_depends_on_idx" ON "events"("depends_on", "created_at", "created_position") WHERE "depends_on" IS NOT NULL;
CREATE INDEX "events_project_idx" ON "events"("project", "created_at", "created_position") WHERE "project" IS NOT NULL;
CREATE INDEX "events_user_idx" ON "events"("user_name", "created_at", "created_position") WHERE "user_name" IS NOT NULL;
CREATE INDEX "events_sender_idx" ON "events"("sender", "created_at", "created_position") WHERE "sender" IS NOT NULL;
-- Most events are FINISHED; the others are what people look for by status.
CREATE INDEX "events_status_idx" ON "events"("status", "created_at", "created_position") WHERE "status" <> 'FINISHED';
CREATE INDEX "events_topic_status_idx" ON "events"("topic", "status", "created_at", "created_position") WHERE "status" <> 'FINISHED';

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
    "topic" TEXT COLLATE "C" NOT NULL,
    "request_id" TEXT COLLATE "C" NOT NULL,
    "node_id" TEXT COLLATE "C" NOT NULL,
    "project" TEXT COLLATE "C",
    "user_name" TEXT COLLATE "C",
    "sender" TEXT COLLATE "C",
    "by" TEXT,
    "description" TEXT,

    CONSTRAINT "log_pkey" PRIMARY KEY ("position")
);

CREATE INDEX "log_event_idx" ON "log"("event_id", "position");
CREATE INDEX "log_topic_idx" ON "log"("topic", "position");

CREATE TABLE "api_keys" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "hash" TEXT COLLATE "C" NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "api_keys_name_key" ON "api_keys"("name");
CREATE UNIQUE INDEX "api_keys_hash_key" ON "api_keys"("hash");

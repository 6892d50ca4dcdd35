-- Held events: stored, but not sent before their time; no entry of the log tells of them until then.

ALTER TABLE "events" ADD COLUMN "held" BOOLEAN NOT NULL DEFAULT false;

CREATE TABLE "held_events" (
    "event_id" UUID NOT NULL,
    "send_at" TIMESTAMPTZ(3) NOT NULL,
    "status" "event_status" NOT NULL,
    "by" TEXT NOT NULL,

    CONSTRAINT "held_events_pkey" PRIMARY KEY ("event_id")
);

CREATE INDEX "held_events_send_at_idx" ON "held_events"("send_at", "event_id");

ALTER TABLE "held_events" ADD CONSTRAINT "held_events_event_id_fkey"
    FOREIGN KEY ("event_id") REFERENCES "events"("id") ON DELETE CASCADE ON UPDATE NO ACTION;

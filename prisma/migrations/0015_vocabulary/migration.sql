-- Tables and columns get the terms of the documentation.
ALTER TABLE "cursors" RENAME TO "consumers";
ALTER TABLE "consumers" RENAME CONSTRAINT "cursors_pkey" TO "consumers_pkey";
ALTER TABLE "consumers" RENAME COLUMN "way" TO "definition";

ALTER TABLE "jobs" RENAME COLUMN "way" TO "consumer";
ALTER INDEX "jobs_way_idx" RENAME TO "jobs_consumer_idx";
ALTER TABLE "jobs" RENAME CONSTRAINT "jobs_held_check" TO "jobs_lease_check";

ALTER TABLE "held_events" RENAME TO "scheduled_events";
ALTER TABLE "scheduled_events" RENAME CONSTRAINT "held_events_pkey" TO "scheduled_events_pkey";
ALTER TABLE "scheduled_events" RENAME CONSTRAINT "held_events_event_id_fkey" TO "scheduled_events_event_id_fkey";
ALTER INDEX "held_events_send_at_idx" RENAME TO "scheduled_events_send_at_idx";

ALTER TABLE "subscriptions" RENAME COLUMN "asked_at" TO "used_at";

-- Which key claimed a job, and which key made a consumer, a subscription or a trigger, with what it could see.
ALTER TABLE "jobs" ADD COLUMN "key_id" TEXT;
ALTER TABLE "consumers" ADD COLUMN "key_id" TEXT, ADD COLUMN "rows" JSONB;
ALTER TABLE "subscriptions" ADD COLUMN "key_id" TEXT, ADD COLUMN "rows" JSONB;
ALTER TABLE "triggers" ADD COLUMN "key_id" TEXT, ADD COLUMN "rows" JSONB;

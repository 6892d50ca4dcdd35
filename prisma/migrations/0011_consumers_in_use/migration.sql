-- Lapsed leases are ended for all jobs, not only in their last run.
DROP INDEX "jobs_last_run_idx";
CREATE INDEX "jobs_lease_idx" ON "jobs"("ready_at") WHERE "worker" IS NOT NULL;

-- Whose key made it: each key may have so many.
ALTER TABLE "subscriptions" ADD COLUMN "owner" TEXT;

-- What nobody has used for long is removed; what is there already counts as used now.
ALTER TABLE "cursors" ADD COLUMN "owner" TEXT;
ALTER TABLE "cursors" ADD COLUMN "used_at" TIMESTAMPTZ(3) NOT NULL DEFAULT date_trunc('milliseconds', now());
ALTER TABLE "cursors" ALTER COLUMN "used_at" DROP DEFAULT;

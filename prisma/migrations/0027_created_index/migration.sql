-- Lists by topic, project and the like read their own index in order of creation. Where the planner could take this index
-- instead, it did, and read all events for a rare topic. The columns are never null: with this order of nulls the index
-- serves only the lists over all events, which ask for it.
DROP INDEX "events_created_idx";
CREATE INDEX "events_created_idx" ON "events"("created_at" NULLS FIRST, "created_position" NULLS FIRST);

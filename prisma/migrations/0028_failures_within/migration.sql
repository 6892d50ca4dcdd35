-- The failed events of a project and of a topic, latest first: a key that may see only these reads only these.
CREATE INDEX "events_failed_project_idx" ON "events"("project", "finished_at") WHERE "status" = 'FAILED';
CREATE INDEX "events_failed_topic_idx" ON "events"("topic", "finished_at") WHERE "status" = 'FAILED';

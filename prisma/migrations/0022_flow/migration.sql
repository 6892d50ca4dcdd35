-- Flow control of consumers: limits of claims at once, at once per key, and per time.
ALTER TABLE "consumers" ADD COLUMN "flow" JSONB;
ALTER TABLE "jobs" ADD COLUMN "flow_key" TEXT;

-- Recent claims of the consumers that have a rate limit.
CREATE TABLE "consumer_claims" (
    "consumer_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "position" BIGINT NOT NULL,
    CONSTRAINT "consumer_claims_pkey" PRIMARY KEY ("consumer_id", "at", "position"),
    CONSTRAINT "consumer_claims_consumer_id_fkey" FOREIGN KEY ("consumer_id")
        REFERENCES "consumers"("id") ON DELETE CASCADE ON UPDATE NO ACTION
);

-- API keys: a public prefix by which they are found, restrictions, expiry, revocation and rotation.
ALTER TABLE "api_keys"
    ADD COLUMN "prefix" TEXT COLLATE "C",
    ADD COLUMN "projects" TEXT[],
    ADD COLUMN "topics" TEXT[],
    ADD COLUMN "created_by" TEXT NOT NULL DEFAULT 'setup',
    ADD COLUMN "expires_at" TIMESTAMPTZ(3),
    ADD COLUMN "last_used_at" TIMESTAMPTZ(3),
    ADD COLUMN "revoked_at" TIMESTAMPTZ(3),
    ADD COLUMN "rate_limit" INTEGER,
    ADD COLUMN "previous_hash" TEXT COLLATE "C",
    ADD COLUMN "previous_until" TIMESTAMPTZ(3);

-- Null is no restriction, and an empty list would be the opposite: there is none.
ALTER TABLE "api_keys"
    ADD CONSTRAINT "api_keys_restrictions_check" CHECK (cardinality("projects") > 0 AND cardinality("topics") > 0),
    ADD CONSTRAINT "api_keys_rate_limit_check" CHECK ("rate_limit" > 0),
    ADD CONSTRAINT "api_keys_previous_check" CHECK (("previous_hash" IS NULL) = ("previous_until" IS NULL));

-- Keys of an earlier format have no prefix and are found by their hash.
CREATE UNIQUE INDEX "api_keys_prefix_key" ON "api_keys"("prefix");
CREATE UNIQUE INDEX "api_keys_previous_hash_key" ON "api_keys"("previous_hash");

-- The name of a revoked key may be used again.
DROP INDEX "api_keys_name_key";
CREATE UNIQUE INDEX "api_keys_name_key" ON "api_keys"("name") WHERE "revoked_at" IS NULL;
CREATE INDEX "api_keys_created_idx" ON "api_keys"("created_at", "id");

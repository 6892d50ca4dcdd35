-- Webhooks: signatures by HMAC of any form, challenges, pages in browsers, and whether credentials are stored.

ALTER TYPE "signature_scheme" ADD VALUE 'HMAC';
CREATE TYPE "webhook_challenge" AS ENUM ('SLACK', 'META');

ALTER TABLE "triggers"
    ADD COLUMN "hmac" JSONB,
    ADD COLUMN "challenge" "webhook_challenge",
    ADD COLUMN "verify_token" TEXT COLLATE "C",
    ADD COLUMN "keep_credentials" BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN "allowed_origins" TEXT[] COLLATE "C";

UPDATE "triggers" SET "allowed_origins" = '{*}' WHERE "kind" = 'WEBHOOK';

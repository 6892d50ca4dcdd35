-- The outbox: events that programs send within their own transactions, with send_event(jsonb).
CREATE SEQUENCE "outbox_commit_order";

CREATE TABLE "outbox" (
    "id" UUID NOT NULL,
    "commit_order" BIGINT,
    "by" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "bytes" INTEGER NOT NULL,
    "input" JSONB NOT NULL,

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "outbox_input_size" CHECK ("bytes" <= 4194304),
    CONSTRAINT "outbox_input_present" CHECK (jsonb_typeof("input") <> 'null')
);

CREATE INDEX "outbox_commit_order_idx" ON "outbox"("commit_order");

CREATE TABLE "outbox_failures" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "by" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "bytes" INTEGER NOT NULL,
    "input" JSONB NOT NULL,

    CONSTRAINT "outbox_failures_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "outbox_failures_at_idx" ON "outbox_failures"("at", "id");

-- Every name in its body is resolved here, once: no search path, temporary table or operator of a caller is ever asked.
-- The id is a UUID of version 7. The channel is the one of src/store/channels.ts.
CREATE FUNCTION "send_event"("input" JSONB) RETURNS UUID
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT pg_notify('throughline_outbox_' || left(encode(sha256(convert_to(n.nspname::text, 'UTF8')), 'hex'), 16), '')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = '"outbox"'::regclass;
    INSERT INTO "outbox" ("id", "by", "at", "bytes", "input")
    VALUES (
        encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
            PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
            FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid,
        session_user::text, clock_timestamp(), octet_length("input"::text), "input"
    )
    RETURNING "id";
END;

REVOKE ALL ON FUNCTION "send_event"(JSONB) FROM PUBLIC;

-- Numbers a row when its transaction commits, not when it was written: a transaction that begins to commit after another's
-- commit was answered has higher numbers. No lock is held for it. PL/pgSQL resolves names when it runs, so they are
-- qualified with the schema of the tables.
DO $migration$
BEGIN
    EXECUTE format($create$
        CREATE FUNCTION %1$I."outbox_number"() RETURNS TRIGGER
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
        AS $body$
        BEGIN
            UPDATE %1$I."outbox" SET "commit_order" = nextval(%2$L::regclass)
            WHERE "id" = NEW."id";
            RETURN NULL;
        END
        $body$
    $create$, current_schema(), '"outbox_commit_order"'::regclass::oid);
END
$migration$;

REVOKE ALL ON FUNCTION "outbox_number"() FROM PUBLIC;

CREATE CONSTRAINT TRIGGER "outbox_number" AFTER INSERT ON "outbox"
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "outbox_number"();

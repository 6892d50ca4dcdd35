-- The function named its sequence by an OID, which another server gives to something else: after pg_restore, sends within
-- a transaction failed.
DO $do$
BEGIN
    EXECUTE format($create$
        CREATE OR REPLACE FUNCTION %1$I."outbox_number"() RETURNS TRIGGER
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
        BEGIN
            UPDATE %1$I."outbox" SET "commit_order" = nextval(%2$L::regclass)
            WHERE "id" = NEW."id";
            RETURN NULL;
        END
        $function$
    $create$, current_schema(), format('%I.%I', current_schema(), 'outbox_commit_order'));
END
$do$;

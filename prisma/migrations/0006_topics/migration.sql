-- Topics: those that are declared, with the schemas that their events fit.

CREATE TABLE "topics" (
    "name" TEXT COLLATE "C" NOT NULL,
    "title" TEXT COLLATE "C",
    "description" TEXT COLLATE "C",
    "summary_schema" TEXT COLLATE "C",
    "payload_schema" TEXT COLLATE "C",
    "declared_by" TEXT COLLATE "C" NOT NULL,
    "declared_at" TIMESTAMPTZ(3) NOT NULL,
    "revision" UUID NOT NULL,

    CONSTRAINT "topics_pkey" PRIMARY KEY ("name")
);

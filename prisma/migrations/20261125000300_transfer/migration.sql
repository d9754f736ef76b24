-- CreateTable
CREATE TABLE "transfer_sources" (
    "task_id" UUID NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "source_sweep_id" UUID NOT NULL,
    "source_task_id" UUID NOT NULL,
    "dataset" TEXT NOT NULL,
    "objective" TEXT NOT NULL,
    "points" JSONB NOT NULL,

    CONSTRAINT "transfer_sources_pkey" PRIMARY KEY ("task_id","ordinal")
);

-- AddForeignKey
ALTER TABLE "transfer_sources" ADD CONSTRAINT "transfer_sources_task_id_fkey" FOREIGN KEY ("task_id") REFERENCES "tasks"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- CreateEnum
CREATE TYPE "TrialPurpose" AS ENUM ('SEARCH', 'CONFIRM');

-- AlterTable
ALTER TABLE "tasks" ADD COLUMN     "planned_trials" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "search_stop" JSONB;

-- AlterTable
ALTER TABLE "points" DROP COLUMN "suggestion",
ADD COLUMN     "step" INTEGER;

-- AlterTable
ALTER TABLE "trials" ADD COLUMN     "purpose" "TrialPurpose" NOT NULL DEFAULT 'SEARCH';

-- CreateTable
CREATE TABLE "search_steps" (
    "task_id" UUID NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "record" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "search_steps_pkey" PRIMARY KEY ("task_id","ordinal")
);

-- AddForeignKey
ALTER TABLE "search_steps" ADD CONSTRAINT "search_steps_task_id_fkey" FOREIGN KEY ("task_id") REFERENCES "tasks"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What follows Prisma cannot say; it leaves these alone.

-- Searches that were under way have lost their records and stop here; what they have counts.
UPDATE "tasks" k
   SET "search_state" = 'FINISHED', "planned_points" = (SELECT count(*) FROM "points" p WHERE p."task_id" = k."id")
 WHERE "search_state" = 'OPEN';
UPDATE "tasks" k SET "planned_trials" = (SELECT count(*) FROM "trials" t WHERE t."task_id" = k."id");
ALTER TABLE "tasks" ADD CONSTRAINT "tasks_planned_trials" CHECK ("planned_trials" >= 0);

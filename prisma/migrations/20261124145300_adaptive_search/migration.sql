-- CreateEnum
CREATE TYPE "SearchState" AS ENUM ('PLANNED', 'OPEN', 'FINISHED');

-- AlterTable
ALTER TABLE "tasks" ADD COLUMN     "planned_points" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "search_failure" TEXT,
ADD COLUMN     "search_state" "SearchState" NOT NULL DEFAULT 'PLANNED';

-- What follows Prisma cannot say; it leaves these alone.

-- Tasks from before had all their points from the start.
UPDATE "tasks" k SET "planned_points" = (SELECT count(*) FROM "points" p WHERE p."task_id" = k."id");
ALTER TABLE "tasks" ADD CONSTRAINT "tasks_planned_points" CHECK ("planned_points" >= 0);

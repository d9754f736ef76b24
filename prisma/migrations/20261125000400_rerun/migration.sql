-- AlterEnum
ALTER TYPE "SearchState" ADD VALUE 'STOPPED';

-- AlterTable
ALTER TABLE "trials" ADD COLUMN     "rerun_after" INTEGER NOT NULL DEFAULT 0;

-- What follows Prisma cannot say; it leaves these alone.

ALTER TABLE "trials" ADD CONSTRAINT "trials_rerun_after" CHECK ("rerun_after" BETWEEN 0 AND "attempt");

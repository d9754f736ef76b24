-- AlterTable
ALTER TABLE "trials" ADD COLUMN     "rung" INTEGER,
ADD COLUMN     "rung_values" JSONB NOT NULL DEFAULT '[]';

-- What follows Prisma cannot say; it leaves these alone.

ALTER TABLE "trials" ADD CONSTRAINT "trials_rung" CHECK ("rung" >= 1);
ALTER TABLE "trials" ADD CONSTRAINT "trials_at_rung" CHECK ("state" NOT IN ('WAITING', 'PRUNED') OR "rung" IS NOT NULL);

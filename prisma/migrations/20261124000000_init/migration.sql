-- CreateEnum
CREATE TYPE "SweepState" AS ENUM ('PENDING', 'RUNNING', 'PAUSED', 'COMPLETED', 'CANCELLED', 'FAILED');

-- CreateEnum
CREATE TYPE "TrialState" AS ENUM ('QUEUED', 'RUNNING', 'WAITING', 'SUCCEEDED', 'FAILED', 'PRUNED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "AttemptState" AS ENUM ('ACTIVE', 'SUCCEEDED', 'FAILED', 'LOST', 'CANCELLED', 'REFUSED');

-- CreateEnum
CREATE TYPE "WorkerState" AS ENUM ('ATTACHED', 'DETACHED');

-- CreateEnum
CREATE TYPE "ArtifactState" AS ENUM ('BUILDING', 'READY');

-- CreateTable
CREATE TABLE "sweeps" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "sequence" BIGSERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "spec" JSONB NOT NULL,
    "state" "SweepState" NOT NULL DEFAULT 'PENDING',
    "priority" INTEGER NOT NULL DEFAULT 0,
    "max_parallel" INTEGER NOT NULL,
    "retries" INTEGER NOT NULL,
    "timeout_ms" BIGINT NOT NULL,
    "warnings" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "sweeps_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tasks" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "sweep_id" UUID NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "dataset" TEXT NOT NULL,
    "protocol" TEXT NOT NULL,
    "teacher" TEXT,
    "student" TEXT NOT NULL,
    "objective" TEXT NOT NULL,
    "metric" TEXT NOT NULL,
    "definition" JSONB NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "comparison_key" TEXT NOT NULL,
    "warnings" TEXT[],

    CONSTRAINT "tasks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "points" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "task_id" UUID NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "cell" TEXT NOT NULL,
    "params" JSONB NOT NULL,
    "sources" TEXT[],
    "in_space" BOOLEAN NOT NULL,
    "suggestion" JSONB,
    "scale_factor" DOUBLE PRECISION,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "points_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "trials" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "sweep_id" UUID NOT NULL,
    "task_id" UUID NOT NULL,
    "point_id" UUID NOT NULL,
    "replicate" INTEGER NOT NULL,
    "seed" BIGINT NOT NULL,
    "position" INTEGER NOT NULL,
    "state" "TrialState" NOT NULL DEFAULT 'QUEUED',
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "losses" INTEGER NOT NULL DEFAULT 0,
    "available_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "selection_value" DOUBLE PRECISION,
    "test_value" DOUBLE PRECISION,
    "extras" JSONB,
    "teacher_sha256" TEXT,
    "failure_kind" TEXT,
    "failure_message" TEXT,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "trials_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "attempts" (
    "trial_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "worker_id" UUID NOT NULL,
    "state" "AttemptState" NOT NULL DEFAULT 'ACTIVE',
    "lease_expires_at" TIMESTAMPTZ(3) NOT NULL,
    "kernel_id" TEXT NOT NULL,
    "backend" TEXT NOT NULL,
    "backend_version" TEXT NOT NULL,
    "device_kind" TEXT NOT NULL,
    "failure_kind" TEXT,
    "failure_message" TEXT,
    "outcome" JSONB,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "attempts_pkey" PRIMARY KEY ("trial_id","number")
);

-- CreateTable
CREATE TABLE "measurements" (
    "trial_id" UUID NOT NULL,
    "attempt" INTEGER NOT NULL,
    "step" INTEGER NOT NULL,
    "values" JSONB NOT NULL,

    CONSTRAINT "measurements_pkey" PRIMARY KEY ("trial_id","attempt","step")
);

-- CreateTable
CREATE TABLE "workers" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "version" TEXT NOT NULL,
    "state" "WorkerState" NOT NULL DEFAULT 'ATTACHED',
    "slots" INTEGER NOT NULL,
    "devices" JSONB NOT NULL,
    "labels" JSONB NOT NULL,
    "datasets" TEXT[],
    "backend" TEXT NOT NULL,
    "backend_version" TEXT NOT NULL,
    "kernel_id" TEXT NOT NULL,
    "attached_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "workers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "artifacts" (
    "key" TEXT NOT NULL,
    "state" "ArtifactState" NOT NULL,
    "sha256" TEXT,
    "size_bytes" BIGINT,
    "metadata" JSONB,
    "token" UUID,
    "worker_id" UUID,
    "lease_expires_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ready_at" TIMESTAMPTZ(3),

    CONSTRAINT "artifacts_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE UNIQUE INDEX "sweeps_sequence_key" ON "sweeps"("sequence");

-- CreateIndex
CREATE INDEX "sweeps_state_idx" ON "sweeps"("state");

-- CreateIndex
CREATE INDEX "tasks_fingerprint_idx" ON "tasks"("fingerprint");

-- CreateIndex
CREATE INDEX "tasks_dataset_idx" ON "tasks"("dataset");

-- CreateIndex
CREATE UNIQUE INDEX "tasks_sweep_id_ordinal_key" ON "tasks"("sweep_id", "ordinal");

-- CreateIndex
CREATE UNIQUE INDEX "points_task_id_ordinal_key" ON "points"("task_id", "ordinal");

-- CreateIndex
CREATE UNIQUE INDEX "points_task_id_cell_key" ON "points"("task_id", "cell");

-- CreateIndex
CREATE INDEX "trials_sweep_id_state_position_idx" ON "trials"("sweep_id", "state", "position");

-- CreateIndex
CREATE INDEX "trials_task_id_state_idx" ON "trials"("task_id", "state");

-- CreateIndex
CREATE UNIQUE INDEX "trials_point_id_replicate_key" ON "trials"("point_id", "replicate");

-- CreateIndex
CREATE UNIQUE INDEX "trials_sweep_id_position_key" ON "trials"("sweep_id", "position");

-- CreateIndex
CREATE INDEX "attempts_state_lease_expires_at_idx" ON "attempts"("state", "lease_expires_at");

-- CreateIndex
CREATE INDEX "attempts_worker_id_state_idx" ON "attempts"("worker_id", "state");

-- CreateIndex
CREATE INDEX "workers_state_idx" ON "workers"("state");

-- AddForeignKey
ALTER TABLE "tasks" ADD CONSTRAINT "tasks_sweep_id_fkey" FOREIGN KEY ("sweep_id") REFERENCES "sweeps"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "points" ADD CONSTRAINT "points_task_id_fkey" FOREIGN KEY ("task_id") REFERENCES "tasks"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "trials" ADD CONSTRAINT "trials_sweep_id_fkey" FOREIGN KEY ("sweep_id") REFERENCES "sweeps"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "trials" ADD CONSTRAINT "trials_task_id_fkey" FOREIGN KEY ("task_id") REFERENCES "tasks"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "trials" ADD CONSTRAINT "trials_point_id_fkey" FOREIGN KEY ("point_id") REFERENCES "points"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_trial_id_fkey" FOREIGN KEY ("trial_id") REFERENCES "trials"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_worker_id_fkey" FOREIGN KEY ("worker_id") REFERENCES "workers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "measurements" ADD CONSTRAINT "measurements_trial_id_attempt_fkey" FOREIGN KEY ("trial_id", "attempt") REFERENCES "attempts"("trial_id", "number") ON DELETE CASCADE ON UPDATE CASCADE;

-- What follows Prisma cannot say; it leaves these alone.

-- A trial is leased to one attempt at most.
CREATE UNIQUE INDEX "attempts_one_active" ON "attempts" ("trial_id") WHERE "state" = 'ACTIVE';

-- Numbers that would make no sense.
ALTER TABLE "sweeps" ADD CONSTRAINT "sweeps_limits" CHECK ("max_parallel" >= 1 AND "retries" >= 0 AND "timeout_ms" >= 1);
ALTER TABLE "points" ADD CONSTRAINT "points_ordinal" CHECK ("ordinal" >= 0);
ALTER TABLE "trials" ADD CONSTRAINT "trials_counters" CHECK ("replicate" >= 0 AND "position" >= 0 AND "attempt" >= 0 AND "failures" >= 0 AND "losses" >= 0);
ALTER TABLE "trials" ADD CONSTRAINT "trials_seed" CHECK ("seed" BETWEEN 0 AND 4294967295);

-- A success has its value, and it is a number.
ALTER TABLE "trials" ADD CONSTRAINT "trials_value" CHECK ("state" <> 'SUCCEEDED' OR ("selection_value" IS NOT NULL AND "selection_value" NOT IN ('NaN', 'Infinity', '-Infinity')));

-- An artifact is either under construction by somebody, or complete.
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_state" CHECK (CASE "state" WHEN 'BUILDING' THEN "token" IS NOT NULL AND "lease_expires_at" IS NOT NULL ELSE "sha256" IS NOT NULL AND "size_bytes" IS NOT NULL END);

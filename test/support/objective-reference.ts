import type { ResolvedDefinition } from '../../core/objective.ts';

/**
 * The divergence of every objective in float64, written straight from the papers' formulas with probabilities and loops.
 * Shares nothing with the code under test; gradients are central differences.
 */
export interface ReferenceBatch {
  readonly teacher: readonly (readonly number[])[];
  readonly student: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly epoch: number;
}

type Objective = Exclude<ResolvedDefinition, { readonly kind: 'ce' }>;
type Vector = readonly number[];

/** Step of the central differences, relative to logits of order 1: errors of the order of its square, 1e-10. */
const step = 1e-5;

/** Mean divergence over the batch. */
export function referenceDivergence(objective: Objective, batch: ReferenceBatch): number {
  return divergenceAt(objective, batch, batch.student);
}

/** Its gradient with respect to each student logit. What an objective treats as constant stays at its value. */
export function referenceGradient(objective: Objective, batch: ReferenceBatch): number[][] {
  const moved = (row: number, y: number, by: number) =>
    batch.student.map((logits, at) => (at === row ? logits.map((logit, k) => (k === y ? logit + by : logit)) : logits));
  return batch.student.map((logits, row) =>
    logits.map(
      (_, y) =>
        (divergenceAt(objective, batch, moved(row, y, step)) - divergenceAt(objective, batch, moved(row, y, -step))) /
        (2 * step),
    ),
  );
}

function divergenceAt(objective: Objective, batch: ReferenceBatch, student: readonly Vector[]): number {
  if (objective.kind === 'alphanet') return larger(objective, batch, student);
  const rows = student.map((logits, row) => sampleDivergence(objective, batch, row, logits));
  return total(rows) / rows.length;
}

function larger(
  { temperature, alphaMinus, alphaPlus }: Extract<Objective, { kind: 'alphanet' }>,
  { teacher }: ReferenceBatch,
  student: readonly Vector[],
): number {
  const mean = (alpha: number) =>
    total(
      student.map((logits, row) =>
        ab(softmax(teacher[row]!, temperature), softmax(logits, temperature), alpha, 1 - alpha),
      ),
    ) / student.length;
  return Math.max(mean(alphaMinus), mean(alphaPlus));
}

function sampleDivergence(objective: Objective, batch: ReferenceBatch, row: number, logits: Vector): number {
  const teacherLogits = batch.teacher[row]!;
  if (objective.kind === 'ttm' || objective.kind === 'abttm') {
    const powers = softmax(teacherLogits, 1).map((p) => p ** objective.gamma);
    return ab(normalise(powers), softmax(logits, 1), ...exponents(objective));
  }
  const { temperature } = objective;
  if (objective.kind === 'lsd' || objective.kind === 'ablsd') {
    const [p, q] = [teacherLogits, logits].map((z) => softmax(standardise(z), temperature)) as [Vector, Vector];
    return temperature ** 2 * ab(p, q, ...exponents(objective));
  }
  const [p, q] = [softmax(teacherLogits, temperature), softmax(logits, temperature)];
  const frozen = softmax(batch.student[row]!, temperature);
  switch (objective.kind) {
    case 'dkd':
    case 'abdkd':
      return decoupled(objective, p, q, batch.labels[row]!, batch.epoch);
    case 'kd':
      return temperature ** 2 * kl(p, q);
    case 'fkl':
      return kl(p, q);
    case 'rkl':
      return kl(q, p);
    case 'hellinger':
      return 2 * total(p.map((pk, k) => (Math.sqrt(pk) - Math.sqrt(q[k]!)) ** 2));
    case 'squaredEuclid':
      return total(p.map((pk, k) => (pk - q[k]!) ** 2)) / 2;
    case 'jsd':
      return jensenShannon(p, q, objective.teacherShare);
    case 'wsd':
      return objective.forwardWeight * kl(p, q) + objective.reverseWeight * kl(q, p);
    case 'skl':
      return kl(p, mix(p, q, objective.skew));
    case 'srkl':
      return kl(q, mix(q, p, objective.skew));
    case 'tv':
      return total(p.map((pk, k) => Math.abs(pk - q[k]!))) / 2;
    case 'akl': {
      const [head, tail] = headAndTail(p, frozen, objective.headMass);
      return (head * kl(p, q) + tail * kl(q, p)) / (head + tail);
    }
    case 'bdkd': {
      const [ofTeacher, ofStudent] = [entropy(p), entropy(frozen)];
      return (
        (ofTeacher > ofStudent ? objective.boost : 1) * kl(p, q) +
        (ofStudent > ofTeacher ? objective.boost : 1) * kl(q, p)
      );
    }
    case 'alpha':
      return ab(p, q, objective.alpha, 1 - objective.alpha);
    case 'beta':
      return ab(p, q, 1, objective.beta);
    case 'abkd':
      return ab(p, q, objective.alpha, objective.beta);
    case 'alphanet':
      throw new Error('alphanet is a divergence of the whole batch');
  }
}

/** Forward KL's for the objectives that the paper plugs its divergence into. */
function exponents(objective: Objective): [number, number] {
  return 'alpha' in objective && 'beta' in objective ? [objective.alpha, objective.beta] : [1, 0];
}

function decoupled(
  objective: Extract<Objective, { kind: 'dkd' | 'abdkd' }>,
  p: Vector,
  q: Vector,
  label: number,
  epoch: number,
): number {
  const rest = (values: Vector) => values.filter((_, k) => k !== label);
  const binary = (values: Vector) => [values[label]!, total(rest(values))];
  const target = kl(binary(p), binary(q));
  const others = ab(normalise(rest(p)), normalise(rest(q)), ...exponents(objective));
  const warm = objective.warmupEpochs === 0 ? 1 : Math.min(epoch / objective.warmupEpochs, 1);
  return warm * objective.temperature ** 2 * (objective.dkdAlpha * target + objective.dkdBeta * others);
}

/** The rows of ABKD's equation 8. */
function ab(p: Vector, q: Vector, alpha: number, beta: number): number {
  const s = alpha + beta;
  const sum = (term: (pk: number, qk: number) => number) => total(p.map((pk, k) => term(pk, q[k]!)));
  if (alpha === 0 && beta === 0) return sum((pk, qk) => Math.log(pk / qk) ** 2) / 2;
  if (beta === 0) {
    return sum((pk, qk) => pk ** alpha * Math.log(pk ** alpha / qk ** alpha) - pk ** alpha + qk ** alpha) / alpha ** 2;
  }
  if (alpha === 0) {
    return sum((pk, qk) => qk ** beta * Math.log(qk ** beta / pk ** beta) - qk ** beta + pk ** beta) / beta ** 2;
  }
  if (s === 0) return sum((pk, qk) => Math.log(qk ** alpha / pk ** alpha) + pk ** alpha / qk ** alpha - 1) / alpha ** 2;
  return -sum((pk, qk) => pk ** alpha * qk ** beta - (alpha / s) * pk ** s - (beta / s) * qk ** s) / (alpha * beta);
}

function kl(p: Vector, q: Vector): number {
  return total(p.map((pk, k) => (pk === 0 ? 0 : pk * Math.log(pk / q[k]!))));
}

function jensenShannon(p: Vector, q: Vector, share: number): number {
  const middle = mix(p, q, share);
  return share * kl(p, middle) + (1 - share) * kl(q, middle);
}

function mix(one: Vector, other: Vector, share: number): Vector {
  return one.map((value, k) => share * value + (1 - share) * other[k]!);
}

function entropy(p: Vector): number {
  return -total(p.map((pk) => (pk === 0 ? 0 : pk * Math.log(pk))));
}

/** Errors of the teacher's most likely classes and of the rest, by sorting. */
function headAndTail(p: Vector, q: Vector, mass: number): [number, number] {
  const order = p.map((_, k) => k).sort((one, other) => p[other]! - p[one]!);
  let cumulated = 0;
  let [head, tail] = [0, 0];
  for (const [rank, k] of order.entries()) {
    cumulated += p[k]!;
    const error = Math.abs(p[k]! - q[k]!);
    if (rank === 0 || cumulated <= mass) head += error;
    else tail += error;
  }
  return [head, tail];
}

function standardise(logits: Vector): Vector {
  const mean = total(logits) / logits.length;
  const variance = total(logits.map((logit) => (logit - mean) ** 2)) / (logits.length - 1);
  return logits.map((logit) => (logit - mean) / (1e-7 + Math.sqrt(variance)));
}

function softmax(logits: Vector, temperature: number): Vector {
  const largest = Math.max(...logits);
  return normalise(logits.map((logit) => Math.exp((logit - largest) / temperature)));
}

function normalise(values: Vector): Vector {
  const sum = total(values);
  return values.map((value) => value / sum);
}

function total(values: Vector): number {
  return values.reduce((sum, value) => sum + value, 0);
}

import type { DistillingKind, ResolvedDefinition } from '../../../core/objective.ts';
import type { RowLoss } from '../row-loss.ts';
import { abdkd } from './abdkd.ts';
import { abkd } from './abkd.ts';
import { ablsd } from './ablsd.ts';
import { abttm } from './abttm.ts';
import { akl } from './akl.ts';
import { alpha } from './alpha.ts';
import { alphanet } from './alphanet.ts';
import { bdkd } from './bdkd.ts';
import { beta } from './beta.ts';
import type { DistillationBatch, Divergence } from './contract.ts';
import { dkd } from './dkd.ts';
import { fkl } from './fkl.ts';
import { hellinger } from './hellinger.ts';
import { jsd } from './jsd.ts';
import { kd } from './kd.ts';
import { lsd } from './lsd.ts';
import { rkl } from './rkl.ts';
import { skl } from './skl.ts';
import { squaredEuclid } from './squared-euclid.ts';
import { srkl } from './srkl.ts';
import { ttm } from './ttm.ts';
import { tv } from './tv.ts';
import { wsd } from './wsd.ts';

const divergences: { readonly [Kind in DistillingKind]: Divergence<Kind> } = {
  abkd,
  fkl,
  rkl,
  hellinger,
  squaredEuclid,
  alpha,
  beta,
  jsd,
  wsd,
  skl,
  srkl,
  tv,
  akl,
  bdkd,
  alphanet,
  kd,
  dkd,
  abdkd,
  lsd,
  ablsd,
  ttm,
  abttm,
};

/** An objective with a teacher, every field a number. */
export type DistillingObjective = Extract<ResolvedDefinition, { readonly kind: DistillingKind }>;

/** The divergence of each sample under the objective. Leaves its intermediate tensors to the caller's tidy scope. */
export function divergenceRows(objective: DistillingObjective, batch: DistillationBatch): RowLoss {
  // The table gives each kind its own function; that kind and function agree is more than the type of a lookup says.
  const divergence = divergences[objective.kind] as (own: DistillingObjective, batch: DistillationBatch) => RowLoss;
  return divergence(objective, batch);
}

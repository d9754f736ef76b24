/**
 * Named points of the alpha-beta plane: where the AB divergence is a divergence with a name of its own.
 * D(1,0) is KL(teacher || student), D(0,1) is KL(student || teacher), D(1/2,1/2) is 4 times the squared Hellinger
 * distance, D(1,1) is half the squared Euclidean distance. `paper` is no fixed point: the published choice of a task.
 *
 * @see arXiv:2505.04560, table 1
 */
export const fixedLandmarks = {
  fkl: { title: 'forward KL', alpha: 1, beta: 0 },
  rkl: { title: 'reverse KL', alpha: 0, beta: 1 },
  hellinger: { title: 'Hellinger', alpha: 0.5, beta: 0.5 },
  squaredEuclid: { title: 'squared Euclid', alpha: 1, beta: 1 },
} as const;

export const landmarkNames = ['fkl', 'rkl', 'hellinger', 'squaredEuclid', 'paper'] as const;
export type LandmarkName = (typeof landmarkNames)[number];

const landmarkPrefix = 'landmark:';

/** How a point that is a landmark says so among its sources. */
export function landmarkSource(name: LandmarkName): string {
  return `${landmarkPrefix}${name}`;
}

/** True where the source of a point is a landmark. */
export function isLandmarkSource(source: string): boolean {
  return source.startsWith(landmarkPrefix);
}

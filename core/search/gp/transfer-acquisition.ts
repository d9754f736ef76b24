import { logImprovement } from '../../stats/normal.ts';
import type { Acquisition } from './acquisition.ts';
import type { TransferPosterior } from './transfer-posterior.ts';

/**
 * ln of the expected improvement over the best posterior mean of the points tried and on their way. Before there are any
 * there is nothing to improve on: the mean.
 */
export function createTransferAcquisition(posterior: TransferPosterior): Acquisition {
  if (posterior.means.length === 0) {
    return {
      values: (points) => posterior.moments(points).means,
      slope: (point, out) => {
        posterior.slope(point, 1, 0, out.fill(0));
        return posterior.moments([point]).means[0]!;
      },
    };
  }
  const incumbent = posterior.means.reduce((a, b) => Math.max(a, b));
  return {
    values: (points) => {
      const { means, variances } = posterior.moments(points);
      return means.map((mean, i) => {
        const sd = Math.sqrt(variances[i]!);
        return Math.log(sd) + logImprovement((mean - incumbent) / sd).value;
      });
    },
    slope: (point, out) => {
      const { means, variances } = posterior.moments([point]);
      const sd = Math.sqrt(variances[0]!);
      const z = (means[0]! - incumbent) / sd;
      const { value, derivative } = logImprovement(z);
      // d ln EI = (1 - z h'/h) dσ² / (2 σ²) + (h'/h) dμ / σ.
      posterior.slope(point, derivative / sd, (1 - derivative * z) / (2 * variances[0]!), out.fill(0));
      return Math.log(sd) + value;
    },
  };
}

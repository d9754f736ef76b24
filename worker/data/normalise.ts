import type { Normalisation } from './source.ts';

/**
 * A function that writes (pixel / 255 - mean) / std of interleaved pixels into `out`, by table: 256 values per channel.
 * @throws {RangeError} when the statistics are not those of `channels` channels
 */
export function createNormaliser(
  { mean, std }: Normalisation,
  channels: number,
): (pixels: Uint8Array, out: Float32Array) => void {
  if (mean.length !== channels || std.length !== channels) {
    throw new RangeError(
      `Cannot normalise ${channels} channels: there are ${mean.length} means and ${std.length} standard deviations`,
    );
  }
  const table = new Float32Array(256 * channels);
  for (let value = 0; value < 256; value += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      table[value * channels + channel] = (value / 255 - mean[channel]!) / std[channel]!;
    }
  }
  return (pixels, out) => {
    for (let i = 0, channel = 0; i < pixels.length; i += 1) {
      out[i] = table[pixels[i]! * channels + channel]!;
      channel = channel + 1 === channels ? 0 : channel + 1;
    }
  };
}

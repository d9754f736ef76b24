import { wordsAt } from '../../core/random.ts';

/** How training images are varied, epoch by epoch. */
export interface Augmentation {
  /** Pad by 4 black pixels on every side, crop back to size at random, mirror half of the images. */
  readonly kind: 'cropFlip';
  readonly seed: number;
}

export interface AugmentedShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * Writes the augmented images of one epoch: `images` and `out` are row-major `[count, height, width, channels]`,
 * `indices` are the places of the images in their part. Nothing is allocated.
 */
export type Augmenter = (images: Uint8Array, indices: ArrayLike<number>, out: Uint8Array) => void;

/** As `transforms.RandomCrop(32, padding=4)` of the CIFAR recipes. */
const padding = 4;
const places = 2 * padding + 1;

/**
 * What happens to an image is a pure function of (seed, epoch, its place in the part): it depends neither on the order
 * of the images nor on the batches nor on whether others are read, so that cached outputs of a teacher stay exact.
 * Black is 0 before normalisation, as where torchvision crops before it makes a tensor.
 */
export function createAugmenter(augmentation: Augmentation, epoch: number, shape: AugmentedShape): Augmenter {
  const { height, width, channels } = shape;
  const wordAt = wordsAt('augment', augmentation.kind, augmentation.seed, epoch);
  const imageBytes = height * width * channels;
  return (images, indices, out) => {
    for (let i = 0; i < indices.length; i += 1) {
      // 162 outcomes of 2^32 words: none is more likely than another by more than 4e-8.
      const outcome = Math.floor((wordAt(indices[i]!) / 2 ** 32) * (2 * places * places));
      const placement = {
        down: (outcome % places) - padding,
        right: (Math.floor(outcome / places) % places) - padding,
        mirrored: outcome >= places * places,
      };
      cropFlip(images, i * imageBytes, shape, placement, out);
    }
  };
}

/** Where the crop begins relative to the image, in pixels, and whether it is mirrored left to right afterwards. */
export interface Placement {
  readonly down: number;
  readonly right: number;
  readonly mirrored: boolean;
}

/** Writes the crop of the image that begins at `offset` to the same place of `out`; what lies outside is 0. */
export function cropFlip(
  images: Uint8Array,
  offset: number,
  { height, width, channels }: AugmentedShape,
  { down, right, mirrored }: Placement,
  out: Uint8Array,
): void {
  out.fill(0, offset, offset + height * width * channels);
  const left = Math.max(0, right);
  const pixels = width - Math.abs(right);
  const begin = Math.max(0, -right);
  const first = mirrored ? width - 1 - begin : begin;
  // After a pixel `to` is one pixel further; mirrored, the next one is two back.
  const turn = mirrored ? -2 * channels : 0;
  const end = Math.min(height, height + down);
  for (let y = Math.max(0, down); y < end; y += 1) {
    let from = offset + (y * width + left) * channels;
    let to = offset + ((y - down) * width + first) * channels;
    for (let x = 0; x < pixels; x += 1, to += turn) {
      for (let channel = 0; channel < channels; channel += 1, from += 1, to += 1) out[to] = images[from]!;
    }
  }
}

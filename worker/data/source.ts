/** Part of a dataset: images of one size, addressed by position. */
export interface ImagePart {
  readonly count: number;
  /** Class of each image, 0-based, `[count]`. */
  readonly labels: Int32Array;
  /**
   * Copies the pixels of `indices` into `out`, row-major `[indices.length, height, width, channels]`, 0..255.
   * Asynchronous because large datasets decode on demand.
   */
  readPixels(indices: ArrayLike<number>, out: Uint8Array): Promise<void>;
}

/** Per-channel statistics of pixels scaled to 0..1; a model sees (pixel / 255 - mean) / std. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** A dataset as it lies on disk: the official parts, before this system splits off a validation part. */
export interface ImageDataset {
  readonly name: string;
  readonly classNames: readonly string[];
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly train: ImagePart;
  /** The validation part; null where there is none (`selectParts` then holds out a seeded 10 % of train). */
  readonly val: ImagePart | null;
  readonly test: ImagePart;
  readonly normalisation: Normalisation;
  /** In plain words what was found, with its counts and whatever is missing of the official set. */
  readonly description: string;
  /** Names layout, split and preprocessing; part of every cache key: `eurosat/coop-split/32px-bicubic`. */
  readonly identity: string;
}

/** What `locate` found. */
export type DatasetPresence =
  | { readonly present: true; readonly folder: string }
  | { readonly present: false; readonly problem: string; readonly howToGet: string };

/** One dataset that sweeps can name; every dataset implements this. */
export interface DatasetSource {
  readonly name: string;
  /** Looks for the files without reading them all. */
  locate(dataDir: string): Promise<DatasetPresence>;
  /**
   * Opens the dataset with images resized to `imageSize` on each side.
   * `sharedFile` keeps what is expensive (decoded images) once per host.
   * @throws {TrialError} MISSING_DATA naming the file, what was found and what was expected
   */
  open(options: OpenDatasetOptions): Promise<ImageDataset>;
}

export interface OpenDatasetOptions {
  readonly dataDir: string;
  readonly imageSize: number;
  readonly sharedFile: (
    key: string,
    build: (path: string) => Promise<unknown>,
    expectedBytes: number,
  ) => Promise<{ readonly path: string }>;
  /** Reports progress of long work ("decoding 12000/27000 images") and lets messages through. */
  readonly progress: (text: string) => Promise<void>;
}

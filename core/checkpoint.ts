/** Where a trial can go on: what the record knows of the state that its last attempts left behind. */
export interface CheckpointRef {
  /** Steps (epochs) that are done. From 1. */
  readonly step: number;
  /** Of the file, lower-case hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

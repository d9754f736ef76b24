/** Contents of artifacts, named by their hash. Who owns which is decided by the record, not here. */
export interface ArtifactFiles {
  /**
   * Keeps the content under its hash once all of it has arrived; half an upload is never visible.
   * @throws {AbkdError} BAD_REQUEST where size or hash differ from what was announced
   */
  keep(content: AsyncIterable<Uint8Array>, announced: ArtifactContent): Promise<void>;
  /** The content in chunks of at most 1 MiB. @throws {AbkdError} NOT_FOUND */
  read(sha256: string): AsyncIterable<Uint8Array>;
  /** Removes a content; one that is not there is none the less gone. */
  remove(sha256: string): Promise<void>;
  /** Hashes of the contents that were kept so long ago. */
  list(options: { readonly olderThanMs: number }): Promise<readonly string[]>;
}

export interface ArtifactContent {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** What trials run on, as far as scheduling and reports care. */
export type DeviceKind = 'cpu' | 'cuda' | 'webgpu';

/** A backend that is set in tfjs's engine and answered a first operation. */
export interface LoadedBackend {
  /** Version of the package that computes. */
  readonly backendVersion: string;
  readonly deviceKind: DeviceKind;
  /** What computes, in words: "NVIDIA H200", "one thread, SIMD". */
  readonly device: string;
  /** False where a processor stands in for a GPU, as with SwiftShader. */
  readonly isHardware: boolean;
}

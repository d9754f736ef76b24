/** Version of the loss kernel. Raised whenever a change moves a value; trials of different kernels are never pooled. */
export const lossKernelId = 'ab-1';

/** Version of the conversation between worker and coordinator; both sides must speak the same. */
export const protocolVersion = 1;

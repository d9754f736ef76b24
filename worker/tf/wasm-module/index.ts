/**
 * Kernels in AssemblyScript, a TypeScript for WebAssembly. They work on the memory of tfjs's backend, which the module
 * imports, and own none: arguments are addresses and sizes, results go where an argument says, scratch is the caller's.
 */
export { batchNormForward, batchNormGradient } from './batch-norm';
export { filterGradient, inputGradient, packInputPanels, turnFilter } from './convolution';
export { momentumStep, reluGradient } from './elementwise';
export { winogradConvolution, winogradFilterGradient, winogradScratchBytes } from './winograd';

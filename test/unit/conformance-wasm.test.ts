import { describeConformance } from '../support/conformance.ts';

await describeConformance('wasm');

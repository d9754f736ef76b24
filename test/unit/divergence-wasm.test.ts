import { describeDivergence } from '../support/divergence.ts';

await describeDivergence('wasm');

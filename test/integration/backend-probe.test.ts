import { expect, it } from 'vitest';
import { describeHostFacts, probeBackends } from '../../worker/tf/probe.ts';

const program = new URL('../../dist/worker/tf/probe-process.js', import.meta.url);
const failing = new URL('../../dist/test/support/failing-probe.js', import.meta.url);

it('probeBackends() measures wasm and says why tfjs-node is missing or that it works', async () => {
  const [wasm, tfjsNode] = await probeBackends({ names: ['wasm', 'tfjs-node'], program });
  expect(wasm).toMatchObject({ name: 'wasm', works: true, trainsConv: true, problem: null });
  expect(Math.min(wasm!.matmulGflops, wasm!.convForwardGflops, wasm!.convTrainImagesPerSec)).toBeGreaterThan(0);
  if (!tfjsNode!.works) expect(tfjsNode!.problem).toMatch(/npm install @tensorflow\/tfjs-node/);
});

it('probeBackends() turns a crash, a wrong answer and silence into reports', async () => {
  const reports = await probeBackends({ names: ['webgpu', 'cpu', 'wasm'], program: failing, timeoutMs: 1500 });
  expect(reports.map(({ works }) => works)).toEqual([false, false, false]);
  const [crashed, confused, silent] = reports.map(({ problem }) => problem);
  expect(crashed).toMatch(/crashed with signal SIGSEGV: device lost/);
  expect(confused).toMatch(/something else than a report/);
  expect(silent).toMatch(/no answer within 1.5 s/);
});

it('describeHostFacts() counts the cores and the memory of this machine', () => {
  const { cores, memoryBytes, node } = describeHostFacts();
  expect(cores).toBeGreaterThan(0);
  expect(memoryBytes).toBeGreaterThan(2 ** 27);
  expect(node).toBe(process.version);
});

import { describe, expect, it } from 'vitest';
import { availableDatasets, datasets } from '../../core/catalog/datasets.ts';
import { availableModels, models } from '../../core/catalog/models.ts';
import { findPublished, listPublished, publishedChoices } from '../../core/catalog/paper.ts';

describe('catalogue', () => {
  it('knows the 14 vision and 5 instruction benchmarks, of which 3 run', () => {
    const all = Object.values(datasets);
    expect(all.filter(({ protocols }) => protocols.includes('instruct'))).toHaveLength(5);
    expect(all).toHaveLength(19);
    expect(availableDatasets).toEqual(['mnist', 'cifar10', 'eurosat']);
    expect(availableModels).toEqual(expect.arrayContaining(['cnn-s', 'cnn-m', 'resnet20', 'wrn-40-2']));
    expect(availableModels).not.toContain('gpt2');
  });

  it('publishes choices only for datasets and models that it knows, one per pair', () => {
    for (const { dataset, teacher, student } of publishedChoices) {
      expect(Object.keys(datasets)).toContain(dataset);
      expect(Object.keys(models)).toEqual(expect.arrayContaining([teacher, student]));
    }
    const pairs = publishedChoices.map(({ dataset, teacher, student }) => `${dataset} ${teacher} ${student}`);
    expect(new Set(pairs).size).toBe(pairs.length);
    // 8 CIFAR-100 pairs, 11 base-to-new sets, 3 students on 5 instruction benchmarks.
    expect(publishedChoices).toHaveLength(8 + 11 + 15);
  });

  it('finds a published choice for exactly its pair', () => {
    expect(findPublished('cifar100', 'wrn-40-2', 'wrn-16-2')).toMatchObject({ alpha: 0.6, beta: 0.5, value: null });
    expect(findPublished('cifar100', 'wrn-40-2', 'vgg8')).toBeNull();
    expect(listPublished('eurosat')).toMatchObject([{ alpha: 0.6, beta: 0.5, value: 90.3, metric: 'hm' }]);
  });
});

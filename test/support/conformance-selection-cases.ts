/** What picks classes out of rows: sorted, cumulated, numbered, compared. Objectives use it where they choose. */
import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { type ConformanceCase, elementwise } from './conformance-case.ts';
import { type Array64, at, fill } from './float64-reference.ts';

const rows = 4;
const classes = 11;
const labels = [3, 0, 10, 3];

/** Of a tensor `[4, 11]`; `of` gives the element of the result at a row and a class. */
function perRow(
  title: string,
  compute: (x: Tensor) => Tensor,
  of: (values: readonly number[], row: number, label: number) => number,
): ConformanceCase {
  const reference = (x?: Array64) =>
    fill([rows, classes], ([row, label]) =>
      of(
        Array.from({ length: classes }, (_, k) => at(x!, [row!, k])),
        row!,
        label!,
      ),
    );
  return { title, shapes: [[rows, classes]], compute: (x) => compute(x!), reference };
}

export const selectionCases: readonly ConformanceCase[] = [
  {
    ...perRow(
      'topk of all: descending',
      (x) => tf.topk(x, classes, true).values,
      (values, _, rank) => values.toSorted((one, other) => other - one)[rank]!,
    ),
    hasGradient: false,
  },
  {
    ...perRow(
      'cumsum along the last axis',
      (x) => tf.cumsum(x, 1),
      (values, _, last) => values.slice(0, last + 1).reduce((sum, value) => sum + value, 0),
    ),
    hasGradient: false,
  },
  perRow(
    'mul with range',
    (x) => tf.mul(x, tf.range(0, classes)),
    (values, _, label) => label * values[label]!,
  ),
  perRow(
    'mul with oneHot',
    (x) => tf.mul(x, tf.oneHot(tf.tensor1d(labels, 'int32'), classes)),
    (values, row, label) => (labels[row] === label ? values[label]! : 0),
  ),
  elementwise(
    'where by logicalOr',
    (x) => tf.where(tf.logicalOr(tf.less(x, -0.3), tf.greaterEqual(x, 0.4)), tf.square(x), x),
    (x) => (x < -0.3 || x >= 0.4 ? x * x : x),
  ),
  elementwise(
    'where with onesLike',
    (x) => tf.where(tf.less(x, 0.2), tf.onesLike(x), x),
    (x) => (x < 0.2 ? 1 : x),
  ),
  elementwise(
    'mul with sign',
    (x) => tf.mul(x, tf.sign(x)),
    (x) => Math.abs(x),
  ),
];

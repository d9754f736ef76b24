import { z } from 'zod';
import { messageOf } from '../../../core/errors.ts';
import { readBoundedFile } from '../bounded-file.ts';
import { assertInsideFolder, type ImageSplit, imagesOf, type ListedImage } from '../image-list.ts';
import { missingData } from '../missing-data.ts';

/** The largest published split file (SUN397) has a few MB. */
const maxSplitBytes = 64 << 20;

const entrySchema = z.tuple([z.string().min(1), z.int().min(0).max(99_999), z.string()]);
const splitSchema = z.object({
  train: z.array(entrySchema).min(1),
  val: z.array(entrySchema),
  test: z.array(entrySchema).min(1),
});
type Entry = z.infer<typeof entrySchema>;

/**
 * Reads a split file of CoOp (`split_zhou_<Name>.json`): lists `train`, `val`, `test` of [path, 0-based label, class name].
 * @throws {TrialError} MISSING_DATA naming the file and the first problem: not JSON, wrong shape, a path that leaves the
 * folder, an image listed twice, a label with two names or none
 * @see https://github.com/KaiyangZhou/CoOp/blob/main/DATASETS.md
 */
export async function readCoopSplit(path: string): Promise<ImageSplit> {
  const parsed = splitSchema.safeParse(parseJson((await readBoundedFile(path, maxSplitBytes)).toString('utf8'), path));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw missingData(`Cannot use split file "${path}": ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { train, val, test } = parsed.data;
  const split = {
    classNames: readClassNames([...train, ...val, ...test], path),
    train: train.map(toListedImage),
    val: val.length === 0 ? null : val.map(toListedImage),
    test: test.map(toListedImage),
  };
  assertPaths(split, path);
  return split;
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw missingData(`Cannot use split file "${path}": it is not JSON (${messageOf(error)})`, error);
  }
}

function toListedImage([path, label]: Entry): ListedImage {
  return { path, label };
}

function readClassNames(entries: readonly Entry[], path: string): readonly string[] {
  const names: (string | undefined)[] = [];
  for (const [, label, name] of entries) {
    const known = names[label];
    if (known !== undefined && known !== name) {
      throw missingData(`Cannot use split file "${path}": label ${label} is both "${known}" and "${name}"`);
    }
    names[label] = name;
  }
  return Array.from(names, (name, label) => {
    if (name !== undefined) return name;
    throw missingData(
      `Cannot use split file "${path}": label ${label} has no image, expected 0 to ${names.length - 1}`,
    );
  });
}

function assertPaths(split: ImageSplit, path: string): void {
  const seen = new Set<string>();
  for (const image of imagesOf(split)) {
    assertInsideFolder(image.path, path);
    if (seen.has(image.path)) {
      throw missingData(`Cannot use split file "${path}": image "${image.path}" is listed twice`);
    }
    seen.add(image.path);
  }
}

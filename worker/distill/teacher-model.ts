import type { Classifier } from '../models/classifier.ts';
import { TrialError } from '../trial/failure.ts';
import { openFound } from '../used-files.ts';
import { loadTeacher, obtainTeacher, type TeacherOptions } from './teacher.ts';

/** A teacher's model, loaded when it is first asked for. Disposing lets go of it. */
export interface TeacherModel extends Disposable {
  load(): Promise<Classifier>;
}

/** The model whose weight file has this hash; `load` fails with MISSING_DATA where there is another one by now. */
export function createTeacherModel(options: TeacherOptions, sha256: string): TeacherModel {
  let model: Classifier | null = null;
  return {
    load: async () => {
      model ??= await loadExactly(options, sha256);
      return model;
    },
    [Symbol.dispose]: () => {
      model?.dispose();
      model = null;
    },
  };
}

function loadExactly(options: TeacherOptions, sha256: string): Promise<Classifier> {
  return openFound(
    () => obtainTeacher(options),
    async (file) => {
      if (file.sha256 === sha256) return loadTeacher(file, options);
      throw new TrialError(
        'MISSING_DATA',
        `Cannot go on with teacher ${options.definition.model}: its weights now have sha256 ${file.sha256}, expected ${sha256}`,
      );
    },
  );
}

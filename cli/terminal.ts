import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];

/** Where a command writes. Answers go to standard output, everything said on the way to standard error. */
export interface Terminal {
  /** One or more lines of the answer. */
  print(text: string): void;
  /** A note on the way. */
  note(text: string): void;
  /** Columns of standard output; infinite where it is no terminal, so that piped lines are never cut. */
  readonly width: number;
  /** Standard output and standard error are shown to a person. */
  readonly interactive: boolean;
  /** Colours a text where colours are wanted. */
  style(style: Style, text: string): string;
}

/** What a text is laid out for. */
export type Paper = Pick<Terminal, 'width' | 'style'>;

const narrowestColumns = 40;

export function createTerminal(options: { readonly plain: boolean }): Terminal {
  const { stdout, stderr } = process;
  const coloured = stdout.isTTY === true && !options.plain;
  return {
    print: (text) => void stdout.write(`${text}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    get width() {
      return stdout.isTTY ? Math.max(narrowestColumns, stdout.columns || 80) : Number.POSITIVE_INFINITY;
    },
    interactive: stdout.isTTY === true && stderr.isTTY === true,
    style: (style, text) => (coloured ? styleText(style, text, { validateStream: false }) : text),
  };
}

const outputs = [process.stdout, process.stderr];

/** A reader that has seen enough (`| head`) ends the program without a word. */
export function endQuietlyOnClosedPipe(): void {
  for (const stream of outputs) stream.on('error', endQuietly);
}

/** For programs that must stop others in order before they end: nobody listens any more, and they go on. */
export function surviveClosedPipes(): void {
  for (const stream of outputs) stream.off('error', endQuietly).on('error', ignoreClosed);
}

function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
}

/** EIO: the terminal itself is gone. */
function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
}

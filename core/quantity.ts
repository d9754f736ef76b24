const byteUnits = [
  { name: 'GB', bytes: 1e9 },
  { name: 'MB', bytes: 1e6 },
  { name: 'kB', bytes: 1e3 },
] as const;

/** `50 000`: digits in groups of three, for people. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ' ');
}

/** `4.8 GB`: two digits at least, in decimal units, for people. */
export function byteSize(bytes: number): string {
  const unit = byteUnits.find((candidate) => bytes >= candidate.bytes);
  if (unit === undefined) return `${bytes} bytes`;
  const value = bytes / unit.bytes;
  return `${value < 100 ? value.toPrecision(2) : grouped(Math.round(value))} ${unit.name}`;
}

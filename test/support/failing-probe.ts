/** A stand-in for the probe process whose backends end badly: one crashes as a driver does, one never answers. */
switch (process.argv[2]) {
  case 'webgpu':
    process.stderr.write('device lost\n', () => process.kill(process.pid, 'SIGSEGV'));
    break;
  case 'cpu':
    process.send?.('nonsense');
    break;
  default:
    // The channel to the parent keeps this process alive.
    process.on('message', () => undefined);
}

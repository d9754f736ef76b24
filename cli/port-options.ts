/** Options of the commands that run a coordinator. */
export const portOptions = {
  'http-port': {
    type: 'string',
    valueHint: 'PORT',
    description: 'REST; 0 = any free (ABKD_HTTP_PORT, default 8080)',
  },
  'grpc-port': {
    type: 'string',
    valueHint: 'PORT',
    description: 'workers; 0 = any free (ABKD_GRPC_PORT, default 50051)',
  },
} as const;

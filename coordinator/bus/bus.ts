/**
 * Hints between coordinators: "there may be work, or a wanted state changed; look". They carry nothing, may be lost
 * or doubled, and nothing but latency depends on them, because every loop also looks by itself from time to time.
 */
export interface Bus {
  /** Wakes the listeners of every coordinator, this one included. Never fails. */
  publish(): void;
  /** Returns what ends the subscription. */
  subscribe(listener: () => void): () => void;
  /** Per channel `ok` or what is wrong with it, for the probes. */
  health(): Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** A way in which hints reach other processes. */
export interface BusChannel {
  readonly name: string;
  publish(): void;
  /** `ok` or what is wrong. */
  health(): string;
  close(): Promise<void>;
}

/** Hints within this process, and through each of the channels to the others. */
export function createBus(openChannels: (deliver: () => void) => readonly BusChannel[]): Bus {
  const listeners = new Set<() => void>();
  const deliver = () => {
    for (const listener of listeners) listener();
  };
  const channels = openChannels(deliver);
  return {
    publish: () => {
      deliver();
      for (const channel of channels) channel.publish();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    health: () => Object.fromEntries(channels.map((channel) => [channel.name, channel.health()])),
    close: async () => {
      await Promise.all(channels.map((channel) => channel.close()));
    },
  };
}

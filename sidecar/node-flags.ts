/**
 * How Node is to be started for a sidecar: docs/decisions/0006-memory.md.
 *
 * A stream turns every byte into several short-lived buffers outside V8's heap. V8 frees them when it collects young
 * objects, by default now and then and in a background thread; where that thread gets no time, in a pod with one
 * processor, it falls behind, and full collections follow one another. These flags collect often, and at once.
 */
export const SIDECAR_NODE_FLAGS: readonly string[] = [
  '--single-threaded-gc',
  '--max-semi-space-size=1',
  '--tls-min-v1.3',
];

const AWAY_AFTER_MS = 60_000;
let touchedAtMs = performance.now();

for (const event of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const) {
  addEventListener(event, () => (touchedAtMs = performance.now()), { passive: true, capture: true });
}

/** Whether nobody has touched the page for a while: what it asks by itself must not keep its session alive. */
export function isUnattended(): boolean {
  return performance.now() - touchedAtMs > AWAY_AFTER_MS;
}

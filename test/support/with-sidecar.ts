import test, { type ExecutionContext } from 'ava';
import { SidecarFixture } from './sidecar-fixture.ts';

/** A test with a sidecar of its own. */
export function withSidecar(
  name: string,
  settings: Record<string, string>,
  body: (t: ExecutionContext, fixture: SidecarFixture) => Promise<void>,
): void {
  test(name, async (t) => {
    const fixture = await SidecarFixture.start(settings);
    try {
      await body(t, fixture);
    } finally {
      await fixture.close();
    }
  });
}

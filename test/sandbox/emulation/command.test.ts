import test from 'ava';
import {
  commonOptions,
  parsePort,
  regionalCommand,
  regionalOptions,
} from '../../../sandbox/emulation/command.ts';

function parsed(...args: string[]) {
  const command = regionalCommand('some-kms', 'some KMS', 'here,there').parse(args, { from: 'user' });
  return { ...commonOptions(command), ...regionalOptions(command) };
}

test('without options: any ports, nothing kept', (t) => {
  t.deepEqual(parsed(), { controlPort: 0, regions: ['here', 'there'], ports: { here: 0, there: 0 } });
});

test('what is given reaches the emulator', (t) => {
  const { randomBytes, ...rest } = parsed(
    ...['--regions', 'a,b', '--ports', '1,2', '--control-port', '3'],
    ...['--state', 's', '--events', 'e', '--marker', 'c0ffee'],
  );
  t.deepEqual(rest, {
    controlPort: 3,
    statePath: 's',
    eventsPath: 'e',
    regions: ['a', 'b'],
    ports: { a: 1, b: 2 },
  });
  const bytes = randomBytes?.(32).toString('hex') ?? '';
  t.regex(bytes, /^c0ffee.{52}c0ffee$/);
});

test('a port for each region, or for none', (t) => {
  t.throws(() => parsed('--ports', '1'), { message: '--ports: expected 2 ports, got 1' });
});

for (const text of ['', '-1', '65536', '1e3', '80 ']) {
  test(`no port: "${text}"`, (t) => {
    t.throws(() => parsePort(text), { message: `port: expected 0 to 65535, got ${text}` });
  });
}

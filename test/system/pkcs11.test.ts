import { Pkcs11Provider } from '../../broker/kms/pkcs11/provider.ts';
import { testKmsProvider, type KmsFault, type KmsHarness } from '../contracts/kms.ts';
import { hsmProcesses, SoftHsm } from '../support/softhsm.ts';

testKmsProvider('pkcs11 on SoftHSM', (): Promise<KmsHarness> => {
  const hsm = new SoftHsm();
  return Promise.resolve({
    provider: new Pkcs11Provider(hsm.config()),
    stranger: new Pkcs11Provider(hsm.config('000000000')),
    key: hsm.createKey('recordings'),
    otherKey: hsm.createKey('voicemails'),
    replica: null,
    missingKey: 'pkcs11:token=acme;object=missing',
    wrongKind: hsm.createKey('legacy', 'des3'),
    malformed: {
      nothing: '',
      'a label alone': 'recordings',
      'no key in it': 'pkcs11:token=acme',
      'a PIN in it': 'pkcs11:token=acme;object=recordings?pin-value=1234',
    },
    makesDataKeys: false,
    deniesByContext: false,
    disable: (uri) => hsm.setUsage(uri, false),
    enable: (uri) => hsm.setUsage(uri, true),
    scheduleDeletion: null,
    revoke: null,
    rotate: null,
    breakWith: (fault) => breakWith(hsm, fault),
    connections: () => Promise.resolve(hsmProcesses().length),
    close: () => {
      hsm.close();
      return Promise.resolve();
    },
  });
});

/** What can happen to a library that is called in a process. Its codes for all else: errors.test.ts. */
function breakWith(hsm: SoftHsm, fault: KmsFault): Promise<() => Promise<void>> | null {
  if (fault === 'silence') return Promise.resolve(hang({ thenKill: false }));
  if (fault === 'reset') return Promise.resolve(hang({ thenKill: true }));
  if (fault !== 'refused connection') return null;
  killAll();
  const plugIn = hsm.unplug();
  return Promise.resolve(() => {
    plugIn();
    return Promise.resolve();
  });
}

/** Stops every HSM process, as a call that never returns would; kills it a little later where the library crashes. */
function hang({ thenKill }: { thenKill: boolean }): () => Promise<void> {
  const stopped = new Map<number, number>();
  const look = () => {
    for (const pid of hsmProcesses()) {
      const sinceMs = stopped.get(pid);
      if (sinceMs === undefined) {
        process.kill(pid, 'SIGSTOP');
        stopped.set(pid, performance.now());
      } else if (thenKill && performance.now() - sinceMs > 50) process.kill(pid, 'SIGKILL');
    }
  };
  look();
  const timer = setInterval(look, 5);
  return () => {
    clearInterval(timer);
    killAll();
    return Promise.resolve();
  };
}

function killAll(): void {
  for (const pid of hsmProcesses()) process.kill(pid, 'SIGKILL');
}

import { Pkcs11Provider } from '../../../../broker/kms/pkcs11/provider.ts';
import { testKmsProvider, type KmsHarness } from '../../../contracts/kms.ts';
import { EmulatedHsm } from '../../../support/emulated-hsm.ts';
import { PKCS11_FAULTS } from '../../../support/pkcs11-faults.ts';
import { hsmProcesses } from '../../../support/softhsm.ts';

// test/system/pkcs11.test.ts does the same with SoftHSM, as far as that can be broken.
testKmsProvider('pkcs11', start, PKCS11_FAULTS);

function start(): Promise<KmsHarness> {
  const hsm = new EmulatedHsm();
  return Promise.resolve({
    provider: new Pkcs11Provider(hsm.config(), EmulatedHsm.script),
    stranger: new Pkcs11Provider(hsm.config('000000000'), EmulatedHsm.script),
    key: hsm.createKey('recordings'),
    otherKey: hsm.createKey('voicemails'),
    replica: null,
    missingKey: 'pkcs11:token=acme;object=missing',
    wrongKind: hsm.createKey('legacy', false),
    malformed: {
      nothing: '',
      'a label alone': 'recordings',
      'no key in it': 'pkcs11:token=acme',
    },
    makesDataKeys: false,
    deniesByContext: false,
    disable: (uri) => hsm.setUsage(uri, false),
    enable: (uri) => hsm.setUsage(uri, true),
    scheduleDeletion: null,
    revoke: null,
    rotate: null,
    breakWith(fault) {
      if (PKCS11_FAULTS.cannotHappen?.[fault] !== undefined) return null;
      hsm.setFault(fault);
      return Promise.resolve(() => {
        hsm.setFault(null);
        return Promise.resolve();
      });
    },
    // A key answers under its own name alone; what another one wrapped does not unwrap.
    blindTo: { 'answer for another key': ['unwrap'] },
    // Calls start processes, for which a machine that is busy with other tests takes its time. SoftHSM's are timed alone.
    graceMs: 2_000,
    connections: () => Promise.resolve(hsmProcesses(hsm.statePath).length),
    close: () => {
      hsm.close();
      return Promise.resolve();
    },
  });
}

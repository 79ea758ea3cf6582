// What the owner of an HSM does to keys: `node softhsm-admin.ts LIBRARY TOKEN PIN create LABEL KIND | allow LABEL true|false |
// destroy LABEL`. A process of its own, as owners have.
import { randomBytes } from 'node:crypto';
import graphene from 'graphene-pk11';

const { KeyGenMechanism, MechanismEnum, Module, ObjectClass, SessionFlag } = graphene;
const [, , library = '', token = '', pin = '', action = '', label = '', argument = ''] = process.argv;

const hsm = Module.load(library, 'owner');
hsm.initialize();
const slots = hsm.getSlots(true);
const indexes = Array.from({ length: slots.length }, (_, index) => index);
const slot = indexes
  .map((index) => slots.items(index))
  .find((each) => each.getToken().label.trim() === token);
if (!slot) throw new Error(`expected a token ${token}`);
const session = slot.open(SessionFlag.SERIAL_SESSION | SessionFlag.RW_SESSION);
session.login(pin);

if (action === 'create') create(argument);
else if (action === 'allow')
  find().setAttribute({ encrypt: argument === 'true', decrypt: argument === 'true' });
else if (action === 'destroy') session.destroy(find());
else throw new Error(`expected create, allow or destroy, got ${action}`);
hsm.finalize();

function create(kind: string): void {
  const isDes = kind === 'des3';
  session.generateKey(
    { name: isDes ? MechanismEnum.DES3_KEY_GEN : KeyGenMechanism.AES, params: null },
    {
      label,
      id: randomBytes(4),
      token: true,
      private: true,
      sensitive: kind !== 'readable',
      extractable: kind === 'extractable' || kind === 'readable',
      encrypt: true,
      decrypt: true,
      wrap: false,
      unwrap: false,
      ...(isDes ? {} : { valueLen: kind === 'aes-128' ? 16 : 32 }),
    },
  );
}

function find(): graphene.SecretKey {
  const found = session.find({ class: ObjectClass.SECRET_KEY, label });
  if (found.length !== 1) throw new Error(`expected one key ${label}, found ${found.length}`);
  return found.items(0).toType<graphene.SecretKey>();
}
